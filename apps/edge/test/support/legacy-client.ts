import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** One frame as it passed, in either direction. */
export interface LoggedFrame {
  readonly direction: 'in' | 'out';
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'raw' | 'close';
  readonly data: string;
}

export interface Closed {
  /** 1006 when the server sent no close frame. */
  readonly code: number;
  readonly reason: string;
}

export interface ClientOptions {
  /** False: a client whose stack does not answer pings. Default true, as RFC 6455 demands. */
  readonly autoPong?: boolean;
  /** What a test waits for comes within this long or not at all. */
  readonly patienceMs?: number;
}

interface Waiter {
  readonly met: () => boolean;
  readonly impossible: () => boolean;
  readonly end: (error?: Error) => void;
}

const DEFAULT_PATIENCE_MS = 20_000;
/** Frames of a transcript that a failed wait shows. */
const SHOWN_FRAMES = 40;
const SHOWN_CHARS = 200;

/**
 * One WebSocket as an old chat client sees it: writes down every frame both ways, and waits for frames, never for time. Text frames that came in are
 * `unread` until a test takes them, so that what is left over can be asserted too.
 */
export class LegacyClient {
  readonly log: LoggedFrame[] = [];
  readonly #socket: WebSocket;
  readonly #patienceMs: number;
  readonly #waiters = new Set<Waiter>();
  #unread: string[] = [];
  #closed: Closed | null = null;

  private constructor(url: string, options: ClientOptions) {
    this.#patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
    this.#socket = new WebSocket(url, { autoPong: options.autoPong ?? true, perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer, isBinary) => {
      const text = data.toString();
      if (!isBinary) this.#unread.push(text);
      this.#note('in', isBinary ? 'binary' : 'text', text);
    });
    this.#socket.on('ping', (data: Buffer) => this.#note('in', 'ping', data.toString()));
    this.#socket.on('pong', (data: Buffer) => this.#note('in', 'pong', data.toString()));
    this.#socket.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#note('in', 'close', `${code} ${reason}`);
    });
    this.#socket.on('open', () => this.#check());
    // A close follows, which is what tests look at.
    this.#socket.on('error', () => {});
  }

  /** A connection that has sent nothing yet. */
  static async open(url: string, options: ClientOptions = {}): Promise<LegacyClient> {
    const client = new LegacyClient(url, options);
    await client.#wait('the connection', () => client.#socket.readyState === WebSocket.OPEN);
    return client;
  }

  /** L1: a connection that has been told that it is signed in; what is pending follows. */
  static async signIn(url: string, firstFrame: string, options: ClientOptions = {}): Promise<LegacyClient> {
    const client = await LegacyClient.open(url, options);
    client.sendText(firstFrame);
    await client.take('the answer to the first frame', (text) => /^user id \d+ received$/.test(text));
    return client;
  }

  get closed(): Closed | null {
    return this.#closed;
  }

  /** Text frames that came and were not taken, in their order. */
  get unread(): readonly string[] {
    return this.#unread;
  }

  /** As a text frame, valid or not; bytes need not be UTF-8. */
  sendText(text: string | Uint8Array): void {
    this.#note('out', 'text', text.toString());
    this.#socket.send(text, { binary: false });
  }

  send(frame: object): void {
    this.sendText(JSON.stringify(frame));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#note('out', 'binary', `${bytes.byteLength} bytes`);
    this.#socket.send(bytes, { binary: true });
  }

  sendPong(payload: string): void {
    this.#note('out', 'pong', payload);
    this.#socket.pong(payload);
  }

  /** Bytes past the WebSocket framing. */
  sendRaw(bytes: Uint8Array): void {
    this.#note('out', 'raw', `${bytes.byteLength} bytes`);
    (this.#socket as unknown as { readonly _socket: Socket })._socket.write(bytes);
  }

  /** The first unread text frame, now or later, that `wanted` accepts; it is read then. */
  async take(what: string, wanted: (text: string) => boolean): Promise<string> {
    await this.#wait(what, () => this.#unread.some(wanted));
    const at = this.#unread.findIndex(wanted);
    return this.#unread.splice(at, 1)[0] as string;
  }

  /** The next text frame, whatever it is. */
  next(): Promise<string> {
    return this.take('a frame', () => true);
  }

  async nextJson(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.next()) as Record<string, unknown>;
  }

  /** The next `count` text frames. */
  async nextFrames(count: number): Promise<Record<string, unknown>[]> {
    await this.#wait(`${count} frames`, () => this.#unread.length >= count);
    return this.#unread.splice(0, count).map((text) => JSON.parse(text) as Record<string, unknown>);
  }

  /** Waits for the `count`th ping since the start. @returns its payload */
  async pinged(count = 1): Promise<string> {
    const pings = (): LoggedFrame[] => this.log.filter((frame) => frame.direction === 'in' && frame.kind === 'ping');
    await this.#wait(`ping ${count}`, () => pings().length >= count);
    return (pings()[count - 1] as LoggedFrame).data;
  }

  /**
   * Everything asked for so far has been answered, or never will be: answers come in the order of the requests, so the one to a frame of no known
   * type comes behind all others.
   */
  async answered(): Promise<void> {
    this.send({ type: 'fence' });
    await this.take('the answer to the fence', (text) => text.includes('"name":"unknown_type"'));
  }

  async ended(): Promise<Closed> {
    await this.#wait('the end of the connection', () => this.#closed !== null, true);
    return this.#closed as Closed;
  }

  /** Without a goodbye, like a client that lost its network. */
  drop(): void {
    this.#socket.terminate();
  }

  #note(direction: LoggedFrame['direction'], kind: LoggedFrame['kind'], data: string): void {
    this.log.push({ direction, kind, data });
    if (direction === 'in') this.#check();
  }

  #check(): void {
    for (const waiter of this.#waiters) {
      if (waiter.met()) waiter.end();
      else if (waiter.impossible()) waiter.end(new Error('the connection has ended'));
    }
  }

  #wait(what: string, met: () => boolean, mayBeClosed = false): Promise<void> {
    if (met()) return Promise.resolve();
    // Here, not in the timer: so the stack names the line that waits.
    const failure = new Error();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiter.end(new Error(`not within ${this.#patienceMs} ms`)), this.#patienceMs);
      const waiter: Waiter = {
        met,
        impossible: () => this.#closed !== null && !mayBeClosed,
        end: (error) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (error === undefined) return resolve();
          failure.message = `waiting for ${what}: ${error.message}. The frames:\n${this.#transcript()}`;
          reject(failure);
        },
      };
      this.#waiters.add(waiter);
      if (waiter.impossible()) waiter.end(new Error('the connection has ended'));
    });
  }

  #transcript(): string {
    const shown = this.log.slice(-SHOWN_FRAMES);
    const lines = shown.map(
      ({ direction, kind, data }) => `${direction === 'in' ? '<' : '>'} ${kind} ${data.slice(0, SHOWN_CHARS)}`,
    );
    return lines.join('\n');
  }
}
