import { once } from 'node:events';
import { WebSocket } from 'ws';

export type Told = Readonly<Record<string, unknown>> & { readonly type: string };

const PATIENCE_MS = 20_000;

/** One device of the current protocol: keeps what it is told, asks with a `ref`, waits for frames and never for time. */
export class Device {
  readonly frames: Told[] = [];
  /** Null while the connection is there. */
  closeCode: number | null = null;
  readonly #socket: WebSocket;
  readonly #wake = new Set<() => void>();
  #refs = 0;

  private constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    const wake = (): void => {
      for (const check of this.#wake) check();
    };
    this.#socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Told);
      wake();
    });
    this.#socket.on('close', (code: number) => {
      this.closeCode = code;
      wake();
    });
    this.#socket.on('error', wake);
  }

  /** Signs in, and resolves when the sync is through. */
  static async connect(url: string, userId: number, hello: object = {}): Promise<Device> {
    const device = new Device(url);
    await once(device.#socket, 'open');
    device.say({ type: 'hello', v: 2, user_id: userId, ...hello });
    await device.first('the end of the sync', ({ type }) => type === 'sync_complete');
    return device;
  }

  say(frame: object): void {
    this.#socket.send(JSON.stringify(frame));
  }

  async ask(frame: object, patienceMs?: number): Promise<Told> {
    const ref = ++this.#refs;
    this.say({ ...frame, ref });
    return await this.first('an answer', (told) => told.ref === ref, patienceMs);
  }

  told(...types: readonly string[]): Told[] {
    return this.frames.filter(({ type }) => types.includes(type));
  }

  /** The first frame, of all so far and to come, that fits. */
  async first(what: string, fits: (told: Told) => boolean, patienceMs = PATIENCE_MS): Promise<Told> {
    return await new Promise<Told>((resolve, reject) => {
      const end = (act: () => void): void => {
        clearTimeout(timer);
        this.#wake.delete(check);
        act();
      };
      const check = (): void => {
        const found = this.frames.find(fits);
        if (found !== undefined) end(() => resolve(found));
        else if (this.#socket.readyState > WebSocket.OPEN) end(() => reject(new Error(`closed before ${what}`)));
      };
      const fail = (): void => end(() => reject(new Error(`waited for ${what}, got ${JSON.stringify(this.frames)}`)));
      const timer = setTimeout(fail, patienceMs);
      this.#wake.add(check);
      check();
    });
  }

  end(): void {
    this.#socket.terminate();
  }
}
