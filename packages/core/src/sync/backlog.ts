import type { MessageStore } from '../ports/message-store.ts';
import type { CatchUpRange } from '../session/local-user.ts';
import type { MessageId, Seq, StoredMessage, UserId } from '../types.ts';

interface Cursor {
  readonly range: CatchUpRange;
  afterSeq: Seq;
  /** Id of the next message: the key that conversations are merged by. */
  nextId: MessageId;
  rows: StoredMessage[];
  at: number;
}

export interface BacklogEntry {
  readonly range: CatchUpRange;
  readonly message: StoredMessage;
}

const MAX_RANGES_PER_READ = 64;
const MAX_FIRSTS_PER_READ = 256;
const FIRST_PAGE_ROWS = 32;
/** An assumption until the first page has been seen. */
const GUESSED_ROW_BYTES = 1_024;

/**
 * Reads what is pending in several conversations as one stream, oldest first (L1), in pages. Each conversation is read by its key, a page at a time, and
 * merged by message id.
 * Bounded: about `pageRows` rows and, after a first small page, `pageBytes` of bodies; pages shrink when bodies are large.
 */
export class Backlog {
  readonly #store: Pick<MessageStore, 'readRanges' | 'firstOf'>;
  readonly #userId: UserId;
  readonly #ranges: readonly CatchUpRange[];
  readonly #pageRows: number;
  readonly #pageBytes: number;
  /** Sorted by `nextId`, the lowest last. */
  #cursors: Cursor[] | null = null;
  #rowBytes = GUESSED_ROW_BYTES;
  #seenRows = 0;
  #seenBytes = 0;

  constructor(
    store: Pick<MessageStore, 'readRanges' | 'firstOf'>,
    userId: UserId,
    ranges: readonly CatchUpRange[],
    bounds: { readonly pageRows: number; readonly pageBytes: number },
  ) {
    this.#store = store;
    this.#userId = userId;
    this.#ranges = ranges;
    this.#pageRows = bounds.pageRows;
    this.#pageBytes = bounds.pageBytes;
  }

  /** The next messages; empty when there are no more. Rejects with a `StoreError`; calling again goes on where it was. */
  async nextPage(): Promise<BacklogEntry[]> {
    this.#cursors ??= await this.#open();
    const cursors = this.#cursors;
    const page: BacklogEntry[] = [];
    const budget = this.#budget();
    while (page.length < budget) {
      const cursor = cursors.at(-1);
      if (cursor === undefined) break;
      if (cursor.at >= cursor.rows.length) {
        // Its next id is not known without a read: what is merged so far goes out first.
        if (page.length > 0) break;
        await this.#fill(cursors, budget);
        continue;
      }
      cursors.pop();
      const message = cursor.rows[cursor.at++] as StoredMessage;
      cursor.afterSeq = message.seq;
      page.push({ range: cursor.range, message });
      if (cursor.at < cursor.rows.length) cursor.nextId = (cursor.rows[cursor.at] as StoredMessage).messageId;
      if (cursor.at < cursor.rows.length || cursor.afterSeq < cursor.range.uptoSeq) insert(cursors, cursor);
    }
    return page;
  }

  #budget(): number {
    const rows = Math.min(this.#pageRows, Math.max(1, Math.floor(this.#pageBytes / this.#rowBytes)));
    return this.#seenRows === 0 ? Math.min(rows, FIRST_PAGE_ROWS) : rows;
  }

  async #open(): Promise<Cursor[]> {
    const cursors: Cursor[] = [];
    for (let at = 0; at < this.#ranges.length; at += MAX_FIRSTS_PER_READ) {
      const ranges = this.#ranges.slice(at, at + MAX_FIRSTS_PER_READ);
      const firsts = await this.#store.firstOf(
        ranges.map(({ feed, afterSeq, uptoSeq }) => ({ conversationId: feed.conversationId, afterSeq, uptoSeq })),
        // Ranges that include the user's own messages start wherever others' begin or at once: the merge key is only a start.
        this.#userId,
      );
      for (const [index, range] of ranges.entries()) {
        const first = firsts[index];
        if (first)
          cursors.push({
            range,
            afterSeq: range.includeOwn ? range.afterSeq : first.seq - 1,
            nextId: first.messageId,
            rows: [],
            at: 0,
          });
        else if (range.includeOwn) cursors.push({ range, afterSeq: range.afterSeq, nextId: 0, rows: [], at: 0 });
      }
    }
    return cursors.sort((a, b) => b.nextId - a.nextId);
  }

  /** Reads on for the cursors that are next in line and have nothing buffered. */
  async #fill(cursors: Cursor[], budget: number): Promise<void> {
    const includeOwn = cursors.at(-1)?.range.includeOwn ?? false;
    const empty: Cursor[] = [];
    for (let at = cursors.length - 1; at >= 0 && empty.length < Math.min(MAX_RANGES_PER_READ, budget); at--) {
      const cursor = cursors[at] as Cursor;
      if (cursor.at >= cursor.rows.length && cursor.range.includeOwn === includeOwn) empty.push(cursor);
    }
    const limit = Math.max(1, Math.floor(budget / empty.length));
    const pages = await this.#store.readRanges(
      empty.map(({ range, afterSeq }) => ({
        conversationId: range.feed.conversationId,
        afterSeq,
        uptoSeq: range.uptoSeq,
        limit,
      })),
      includeOwn ? undefined : this.#userId,
    );
    for (const [index, cursor] of empty.entries()) {
      cursors.splice(cursors.indexOf(cursor), 1);
      cursor.rows = pages[index] ?? [];
      cursor.at = 0;
      for (const row of cursor.rows) this.#seenBytes += row.body.length + 128;
      this.#seenRows += cursor.rows.length;
      const first = cursor.rows[0];
      if (first === undefined) continue;
      cursor.nextId = first.messageId;
      insert(cursors, cursor);
    }
    if (this.#seenRows > 0) this.#rowBytes = this.#seenBytes / this.#seenRows;
  }
}

function insert(cursors: Cursor[], cursor: Cursor): void {
  let low = 0;
  let high = cursors.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cursors[middle] as Cursor).nextId > cursor.nextId) low = middle + 1;
    else high = middle;
  }
  cursors.splice(low, 0, cursor);
}
