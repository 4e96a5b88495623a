import { ERROR_CODES, type ErrorName } from '@parley/protocol';
import {
  aText,
  aTimestamp,
  differences,
  integer,
  type Matched,
  optional,
  type Pattern,
  type PatternFields,
  typeOf,
} from './pattern.ts';
import { Peer, type Received } from './peer.ts';
import type { Welcome } from './welcome.ts';
import { cut, describe } from './wording.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A client of the current protocol. */
export class CurrentPeer extends Peer {
  #lastRef = 0;
  #welcome: Welcome | null = null;
  #heedsOwnStatus = false;

  get signedIn(): boolean {
    return this.#welcome !== null;
  }

  /** What the server said when it signed this client in. */
  get welcome(): Welcome {
    if (this.#welcome === null) throw this.failure('is not signed in');
    return this.#welcome;
  }

  get user(): number {
    return this.welcome.user_id;
  }

  welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
  }

  /**
   * Takes the end of the sync, before which nothing else may have come. From here on `synced` is passed over: a conversation that one is added to may
   * be announced by it. @returns the number of conversations that the sync told
   */
  async synced(): Promise<number> {
    const { conversations } = await this.expectNext({ type: 'sync_complete', conversations: integer(0) });
    this.ignore('synced');
    return conversations;
  }

  /** From now on, takes note of what its own user has seen, which most rules are not about. */
  heedOwnStatus(): this {
    this.#heedsOwnStatus = true;
    return this;
  }

  send(frame: object): void {
    this.sendText(JSON.stringify(frame));
  }

  protected override passesOver(json: unknown): boolean {
    if (super.passesOver(json)) return true;
    const { user_id } = (json ?? {}) as { readonly user_id?: unknown };
    return !this.#heedsOwnStatus && typeOf(json) === 'status' && user_id === this.#welcome?.user_id;
  }

  /**
   * The first unread frame of this type, `ref` (or none) and `conv_id` (if the pattern names one), which must match the whole pattern. Frames of
   * other types may stand before it: answers and news have no order among each other.
   */
  async expect<const P extends PatternFields>(pattern: P): Promise<Matched<P>> {
    const received = await this.take(describe(pattern), (unread) => {
      const at = unread.findIndex(({ json }) => addresses(pattern, json));
      if (at >= 0) return { at };
      const other = unread.find(({ json }) => answersInstead(pattern, json));
      return other && this.failure(`expected ${describe(pattern)}, got ${cut(other.text)}`);
    });
    return this.#matched(received, pattern);
  }

  /** Sends a request with a `ref` of its own and takes its one answer. */
  async ask<const P extends PatternFields>(frame: object, answer: P): Promise<Matched<P>> {
    const ref = this.newRef();
    this.send({ ...frame, ref });
    return (await this.expect({ ...answer, ref })) as Matched<P>;
  }

  /** Sends a request that must be refused with this error. @returns its message */
  async refused(frame: object, name: ErrorName, message: Pattern = aText): Promise<string> {
    const ref = this.newRef();
    this.send({ ...frame, ref });
    return await this.expectError(name, { ref, message });
  }

  /** An error frame with exactly the fields of the table. @returns its message */
  async expectError(
    name: ErrorName,
    { ref, message = aText }: { readonly ref?: number | string; readonly message?: Pattern } = {},
  ): Promise<string> {
    const { code, temporary } = ERROR_CODES[name];
    // How long to wait is told only where it can be known.
    const wait = temporary ? { retry_after_ms: optional(integer(0, 3_600_000)) } : {};
    const frame = await this.expect({
      type: 'error',
      code,
      name,
      message,
      temporary,
      ...wait,
      ...(ref === undefined ? {} : { ref }),
    });
    return String((frame as Fields).message);
  }

  /** Everything sent before this has been taken in by the server, and what it led to on this connection so far has come. */
  async fence(): Promise<void> {
    await this.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp });
  }

  newRef(): number {
    this.#lastRef += 1;
    return this.#lastRef;
  }

  #matched<P extends PatternFields>(received: Received, pattern: P): Matched<P> {
    const wrong = differences(received.json, pattern);
    if (wrong.length > 0) throw this.failure(`${wrong.join('; ')}; the frame is ${cut(received.text)}`);
    return received.json as Matched<P>;
  }
}

/** Fields that say which frame it is; the others say what must be in it. */
function addresses(pattern: PatternFields, json: unknown): boolean {
  if (typeOf(json) !== pattern.type) return false;
  const frame = json as Fields;
  if (frame.ref !== pattern.ref) return false;
  return ['conv_id', 'user_id'].every((field) => !isId(pattern[field]) || frame[field] === pattern[field]);
}

/** The one answer to this request has come, and it is of another kind; or the server complains of something it cannot name. */
function answersInstead(pattern: PatternFields, json: unknown): boolean {
  const { ref, type } = (json ?? {}) as Fields;
  return pattern.ref === undefined
    ? type === 'error' && ref === undefined && pattern.type !== 'error'
    : ref === pattern.ref;
}

const isId = (value: unknown): boolean => typeof value === 'number';
