import { RawClient } from '../wire/raw-client.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import type { Protocol } from './driver-plan.ts';

const TIMEOUT_MS = 30_000;

/** After `live`, text frames of a seat. The payload is valid during the call. */
export type OnLive = (seat: Seat, data: Buffer, start: number, end: number) => void;

interface Expectation {
  readonly fits: (text: string) => boolean;
  readonly resolve: (text: string) => void;
}

/** One user's connection: signs in, opens a conversation perhaps, then passes every frame on. */
export class Seat {
  readonly userId: number;
  readonly #dialect: Dialect;
  readonly #onGone: (seat: Seat, reason: string) => void;
  #client: RawClient | null = null;
  #expectation: Expectation | null = null;
  #onLive: OnLive | null = null;

  constructor(userId: number, protocol: Protocol, onGone: (seat: Seat, reason: string) => void) {
    this.userId = userId;
    this.#dialect = DIALECTS[protocol];
    this.#onGone = onGone;
  }

  /** Connects and signs in with the bare user id. Rejects when refused or after 30 s. */
  async open(url: string): Promise<void> {
    this.#client = await RawClient.open(url, {
      onText: (data, start, end) => this.#onText(data, start, end),
      onClose: (reason) => this.#onGone(this, reason),
    });
    await this.#ask(this.#dialect.signIn(this.userId), (text) => this.#dialect.signedIn(this.userId, text));
  }

  /** Opens a conversation; resolves to its id. */
  async init(members: readonly number[], kind: 'personal' | 'group'): Promise<number> {
    const frame = this.#dialect.init(members, kind);
    const reply = await this.#ask(frame, (text) => this.#dialect.opened(text) !== undefined);
    const conversation = this.#dialect.opened(reply);
    if (typeof conversation !== 'number') throw new Error(`user ${this.userId}: ${frame} was answered ${reply}`);
    return conversation;
  }

  live(onLive: OnLive): void {
    this.#onLive = onLive;
  }

  send(payload: Uint8Array): void {
    this.#client?.send(payload);
  }

  close(): void {
    this.#client?.close();
  }

  #ask(frame: string, fits: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`user ${this.userId}: no answer to ${frame}`)), TIMEOUT_MS);
      this.#expectation = {
        fits,
        resolve: (text) => {
          clearTimeout(timer);
          this.#expectation = null;
          resolve(text);
        },
      };
      this.#client?.send(Buffer.from(frame));
    });
  }

  #onText(data: Buffer, start: number, end: number): void {
    if (this.#onLive !== null) {
      this.#onLive(this, data, start, end);
      return;
    }
    const expectation = this.#expectation;
    if (expectation === null) return;
    const text = data.toString('utf8', start, end);
    if (expectation.fits(text)) expectation.resolve(text);
  }
}

/** Runs the tasks, `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await task(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
