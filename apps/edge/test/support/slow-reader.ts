import { WebSocket } from 'ws';

const PATIENCE_MS = 60_000;

/** A client that reads in steps and not at all in between, and keeps nothing of what it reads: the consumer of a long backlog. */
export class SlowReader {
  readonly #socket: WebSocket;
  readonly #onFrame: (text: string) => void;
  #wanted = 0;
  #step: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  private constructor(url: string, onFrame: (text: string) => void) {
    this.#onFrame = onFrame;
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer) => {
      this.#onFrame(data.toString());
      this.#wanted -= 1;
      if (this.#wanted > 0) return;
      this.#socket.pause();
      this.#step?.resolve();
    });
    this.#socket.on('close', (code) => this.#step?.reject(new Error(`the connection has ended with ${code}`)));
    this.#socket.on('error', (error) => this.#step?.reject(error));
  }

  /** Sends the first frame, and reads nothing yet. */
  static async open(url: string, firstFrame: string, onFrame: (text: string) => void): Promise<SlowReader> {
    const reader = new SlowReader(url, onFrame);
    await new Promise<void>((resolve, reject) => {
      reader.#step = { resolve, reject };
      reader.#socket.once('open', resolve);
    });
    reader.#socket.pause();
    reader.#socket.send(firstFrame);
    return reader;
  }

  /** Reads about `frames` more frames: what one read of the socket brings is handed out whole. */
  async read(frames: number): Promise<void> {
    this.#wanted = frames;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#step = { resolve, reject };
        const fail = (): void => reject(new Error(`${this.#wanted} frames did not come within ${PATIENCE_MS} ms`));
        timer = setTimeout(fail, PATIENCE_MS);
        this.#socket.resume();
      });
    } finally {
      clearTimeout(timer);
      this.#step = null;
    }
  }

  /** Reads from now on like any other client. */
  readOn(): void {
    this.#wanted = Number.POSITIVE_INFINITY;
    this.#socket.resume();
  }

  drop(): void {
    this.#socket.terminate();
  }
}
