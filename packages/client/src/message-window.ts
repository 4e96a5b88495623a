import type { ConversationItem } from './api/message.ts';

/** Frames that came before their turn; of more, the last are forgotten and read from the history. */
const MAX_AHEAD = 1_000;

/**
 * What is known of one conversation, in order. `items` ends at or below `cursor` and has no gap; what lies beyond a gap waits in `ahead`.
 * The only gaps that a server leaves are one's own sends whose acks are late, and numbers that this user may not see.
 */
export class MessageWindow {
  #items: ConversationItem[] = [];
  readonly #ahead = new Map<number, ConversationItem>();
  /** Everything up to here has been received. Null: not known yet where this device begins. */
  cursor: number | null = null;
  #more = true;
  /** The highest that is known to be there. */
  #known = 0;

  get items(): readonly ConversationItem[] {
    return this.#items;
  }

  /** There may be visible ones below `items`. */
  get hasOlder(): boolean {
    return this.#more && this.lowest > 1;
  }

  /** There are some beyond the cursor, whether they wait here or not. */
  get hasGap(): boolean {
    return this.#known > (this.cursor ?? 0);
  }

  /** The first of those beyond the cursor that is known. */
  get firstAhead(): number {
    return Math.min(this.#known, ...this.#ahead.keys());
  }

  /** The seq that the next older item would be below. */
  get lowest(): number {
    return this.#items[0]?.seq ?? (this.cursor ?? Number.MAX_SAFE_INTEGER - 1) + 1;
  }

  /** Returns what got its place by it, in order. */
  place(item: ConversationItem): ConversationItem[] {
    if (this.cursor !== null && item.seq <= this.cursor) return this.#fillIn(item) ? [item] : [];
    this.expect(item.seq);
    this.#ahead.set(item.seq, item);
    if (this.#ahead.size > MAX_AHEAD) this.#ahead.delete(Math.max(...this.#ahead.keys()));
    return this.#advance();
  }

  /** There is one, which has not come. */
  expect(seq: number): void {
    this.#known = Math.max(this.#known, seq);
  }

  /** The server has told everything up to `seq`: what is missing below is not for this user. Returns what got its place. */
  completeUpTo(seq: number): ConversationItem[] {
    const placed: ConversationItem[] = [];
    for (const known of [...this.#ahead.keys()].filter((ahead) => ahead <= seq).sort((a, b) => a - b)) {
      placed.push(...this.#take(known));
    }
    this.cursor = Math.max(this.cursor ?? 0, seq);
    placed.push(...this.#advance());
    return placed;
  }

  /** Older ones, in order; those that are here already are passed over. Returns how many are new. */
  prepend(items: readonly ConversationItem[], more: boolean): number {
    const below = items.filter((item) => item.seq < this.lowest);
    this.#items = [...below, ...this.#items];
    this.#more = more;
    return below.length;
  }

  /** Keeps the newest `max`. */
  keep(max: number): void {
    if (this.#items.length <= max) return;
    this.#items = max > 0 ? this.#items.slice(-max) : [];
    this.#more = true;
  }

  /** Forgets everything; new ones come behind `seq`. */
  restart(seq: number): void {
    this.#items = [];
    this.#ahead.clear();
    this.cursor = seq;
    this.#known = 0;
    this.#more = true;
  }

  #advance(): ConversationItem[] {
    const placed: ConversationItem[] = [];
    while (this.cursor !== null && this.#ahead.has(this.cursor + 1)) placed.push(...this.#take(this.cursor + 1));
    return placed;
  }

  #take(seq: number): ConversationItem[] {
    const item = this.#ahead.get(seq);
    this.#ahead.delete(seq);
    if (item === undefined) return [];
    if (this.cursor !== null && seq <= this.cursor) return this.#fillIn(item) ? [item] : [];
    this.cursor = seq;
    this.#items.push(item);
    return [item];
  }

  /** One's own send whose place was passed over before its ack came. */
  #fillIn(item: ConversationItem): boolean {
    const after = this.#items.findLastIndex((known) => known.seq <= item.seq);
    if (this.#items[after]?.seq === item.seq) return false;
    // Below the window there may be others between: it comes with the history.
    if (after < 0 && item.seq !== this.lowest - 1) return false;
    this.#items = this.#items.toSpliced(after + 1, 0, item);
    return true;
  }
}
