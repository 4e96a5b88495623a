import type { Socket } from 'node:net';
import { CLOSE_CODES, type CloseName } from '@parley/protocol';
import { WebSocket } from 'ws';
import { ConformanceFailure } from './failure.ts';
import { differences, type Matched, type Pattern, type PatternFields, typeOf } from './pattern.ts';
import type { Transcript } from './transcript.ts';
import { cut, describe } from './wording.ts';

export interface PeerOptions {
  readonly url: string;
  /** In the transcript. */
  readonly name: string;
  readonly transcript: Transcript;
  /** What a rule waits for comes within this long or not at all. */
  readonly patienceMs: number;
  /** What is wrong with a text frame whatever the rule expects, for example an unknown field; null if nothing. */
  readonly check: (text: string, json: unknown) => string | null;
}

/** A text frame that no step of the rule has taken yet. */
export interface Received {
  readonly text: string;
  /** undefined when the text is no JSON. */
  readonly json: unknown;
}

/** Which of the unread frames a step takes; a failure ends the wait at once, undefined goes on waiting. */
export type Choice = (unread: readonly Received[]) => { readonly at: number } | ConformanceFailure | undefined;

interface Waiter {
  readonly check: () => void;
}

/** Unread frames beyond this end the rule (G8): no rule leaves so many behind. */
const MAX_UNREAD = 100_000;

/**
 * One WebSocket of a rule. Notes every frame both ways and keeps what came until a step takes it, so that what is left over shows. A step waits for
 * frames, never for time, and a frame that breaks the schemas fails the next step.
 */
export class Peer {
  readonly name: string;
  protected readonly transcript: Transcript;
  readonly #options: PeerOptions;
  readonly #socket: WebSocket;
  readonly #waiters = new Set<Waiter>();
  readonly #ignored = new Set<string>();
  readonly #unread: Received[] = [];
  #broken: ConformanceFailure | null = null;
  #closed: { readonly code: number; readonly reason: string } | null = null;
  #error: Error | null = null;
  #finished = false;

  constructor(options: PeerOptions) {
    this.name = options.name;
    this.transcript = options.transcript;
    this.#options = options;
    this.#socket = new WebSocket(options.url, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('open', () => this.#wake());
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      if (!this.#finished) this.transcript.add(this.name, 'got', `close ${code} ${reason}`);
      this.#wake();
    });
  }

  async opened(): Promise<this> {
    await this.#until('the connection', () => this.#socket.readyState === WebSocket.OPEN);
    return this;
  }

  get open(): boolean {
    return this.#closed === null && !this.#finished;
  }

  sendText(text: string): void {
    this.transcript.add(this.name, 'sent', text);
    this.#socket.send(text);
  }

  /** As few writes to the network as it takes, so that the server finds them together. */
  sendTexts(texts: readonly string[]): void {
    const { _socket: socket } = this.#socket as unknown as { readonly _socket: Socket };
    socket.cork();
    for (const text of texts) this.sendText(text);
    socket.uncork();
  }

  sendBinary(bytes: Uint8Array): void {
    this.transcript.add(this.name, 'sent', `${bytes.byteLength} bytes (binary)`);
    this.#socket.send(bytes, { binary: true });
  }

  /** Frames of these types are dropped as they come, for a rule that is not about them. */
  ignore(...types: readonly string[]): this {
    for (const type of types) this.#ignored.add(type);
    const kept = this.#unread.filter(({ json }) => !this.passesOver(json));
    this.#unread.splice(0, this.#unread.length, ...kept);
    return this;
  }

  /** From now on, frames of these types are taken note of again. */
  heed(...types: readonly string[]): this {
    for (const type of types) this.#ignored.delete(type);
    return this;
  }

  /** The very next text frame, whatever it is. */
  next(what = 'a frame'): Promise<Received> {
    return this.take(what, (unread) => (unread.length > 0 ? { at: 0 } : undefined));
  }

  /** The very next text frame, which must match. */
  async expectNext<const P extends PatternFields>(pattern: P): Promise<Matched<P>> {
    return this.#taken(await this.next(`a frame ${describe(pattern)}`), pattern);
  }

  /** These text frames, in this order, with nothing in between. */
  async expectSequence(patterns: readonly PatternFields[]): Promise<void> {
    for (const pattern of patterns) await this.expectNext(pattern);
  }

  async expectText(text: string): Promise<void> {
    const got = await this.next(`the text ${text}`);
    if (got.text !== text) throw this.failure(`expected the text "${text}", got "${got.text}"`);
  }

  /** The end of the connection, with whatever code. */
  async expectEnd(): Promise<void> {
    await this.#until('the end of the connection', () => this.#closed !== null, true);
  }

  /** The end of the connection, by a code of the table. */
  async expectClose(name: CloseName | 'normal'): Promise<void> {
    const wanted = name === 'normal' ? 1000 : CLOSE_CODES[name].code;
    await this.#until(`the connection to be closed with ${wanted} (${name})`, () => this.#closed !== null, true);
    const { code } = this.#closed as { readonly code: number };
    if (code !== wanted)
      throw this.failure(`expected the connection to be closed with ${wanted} (${name}), not ${code}`);
    this.expectNothing();
  }

  /** Nothing has come that no step took. */
  expectNothing(): void {
    this.assertUnbroken();
    const [first] = this.#unread;
    if (first === undefined) return;
    const more = this.#unread.length > 1 ? ` and ${this.#unread.length - 1} more` : '';
    throw this.failure(`expected nothing else, got ${cut(first.text)}${more}`);
  }

  /** Takes what has come so far, without waiting. */
  drain(): readonly Received[] {
    this.assertUnbroken();
    return this.#unread.splice(0);
  }

  assertUnbroken(): void {
    if (this.#broken !== null) throw this.#broken;
  }

  async take(what: string, choose: Choice): Promise<Received> {
    let taken: Received | undefined;
    await this.#until(what, () => {
      const choice = choose(this.#unread);
      if (choice instanceof ConformanceFailure) throw choice;
      // At once: several steps may wait at the same time, and places change with each that takes one.
      if (choice !== undefined) [taken] = this.#unread.splice(choice.at, 1);
      return choice !== undefined;
    });
    return taken as Received;
  }

  /** Ends the connection with a close frame. */
  async close(): Promise<void> {
    this.transcript.add(this.name, 'note', 'closes the connection');
    this.#socket.close(1000);
    await this.#until('the end of the connection', () => this.#closed !== null, true);
  }

  /** Without a goodbye, like a client that lost its network. */
  drop(): void {
    if (this.open) this.transcript.add(this.name, 'note', 'drops the connection');
    this.#finished = true;
    this.#unread.length = 0;
    this.#socket.terminate();
  }

  /** A failure that names this client. */
  failure(message: string): ConformanceFailure {
    return new ConformanceFailure(`${this.name}: ${message}`);
  }

  /** Whether a frame is dropped as it comes. */
  protected passesOver(json: unknown): boolean {
    return this.#ignored.has(typeOf(json));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#finished) return;
    const text = data.toString();
    this.transcript.add(this.name, 'got', isBinary ? `${data.byteLength} bytes (binary)` : text);
    if (isBinary) this.#broken ??= this.failure('got a binary frame; every frame is text');
    const json = parse(text);
    const wrong = this.#options.check(text, json);
    if (wrong !== null) this.#broken ??= this.failure(`${wrong}, in ${cut(text)}`);
    if (!this.passesOver(json)) this.#unread.push({ text, json });
    if (this.#unread.length > MAX_UNREAD)
      this.#broken ??= this.failure(`got more than ${MAX_UNREAD} frames it did not ask for`);
    this.#wake();
  }

  #taken<P extends Pattern>(received: Received, pattern: P): Matched<P> {
    const wrong = differences(received.json, pattern);
    if (wrong.length > 0) throw this.failure(`${wrong.join('; ')}; the frame is ${cut(received.text)}`);
    return received.json as Matched<P>;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter.check();
  }

  #until(what: string, met: () => boolean, mayBeClosed = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: unknown): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        try {
          this.assertUnbroken();
          if (met()) end();
          else if (this.#closed !== null && !mayBeClosed) end(this.failure(`expected ${what}, but ${this.#ending()}`));
        } catch (error) {
          end(error);
        }
      };
      const waiter: Waiter = { check };
      const timer = setTimeout(
        () => end(this.failure(`expected ${what}, but ${this.#silence()}`)),
        this.#options.patienceMs,
      );
      this.#waiters.add(waiter);
      check();
    });
  }

  #ending(): string {
    const { code, reason } = this.#closed ?? { code: 1006, reason: '' };
    const why = this.#error === null ? '' : `: ${this.#error.message}`;
    return `the connection was closed with ${code}${reason === '' ? '' : ` (${reason})`}${why}`;
  }

  #silence(): string {
    const [first] = this.#unread;
    const within = `within ${this.#options.patienceMs / 1000} s`;
    return first === undefined ? `nothing came ${within}` : `${within} only this came: ${cut(first.text)}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
