import type { ConversationItem } from './api/message.ts';
import { ChatError } from './chat-error.ts';
import { MessageWindow } from './message-window.ts';
import type { Requests } from './requests.ts';
import { itemOf, type Outgoing } from './wire.ts';

export interface ConversationLogOptions {
  readonly conversationId: number;
  readonly requests: Requests;
  readonly maxMessages: number;
  /** These have got their place, in this order. */
  readonly onPlaced: (items: readonly ConversationItem[]) => void;
  /** So many more are kept. */
  readonly onKept: (count: number) => void;
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

const FILL_PAGE = 200;
const MAX_OLDER_PAGE = 200;
/** `loadOlder` may bring as many times what is kept otherwise. */
const OLDER_FACTOR = 10;

/** The messages of one conversation: in order, complete, bounded. What the stream of frames leaves out is read from the history. */
export class ConversationLog {
  readonly #options: ConversationLogOptions;
  /** Read it; only this class changes it. */
  readonly window: MessageWindow = new MessageWindow();
  #allowance: number;
  /** Acks on their way: each may be what a gap is missing. */
  #awaited = 0;
  /** The server has told on this connection how far the conversation is complete; what comes next comes in order. */
  #live: boolean;
  #filling = false;
  #older: Promise<number> | null = null;
  /** Grows when everything is forgotten: answers to older questions are too late. */
  #era = 0;

  constructor(options: ConversationLogOptions, live: boolean) {
    this.#options = options;
    this.#allowance = options.maxMessages;
    this.#live = live;
  }

  /** A frame of the stream. */
  onItem(item: ConversationItem): void {
    this.window.cursor ??= item.seq - 1;
    this.onOwn(item);
  }

  /** One's own send, by its ack. */
  onOwn(item: ConversationItem): void {
    this.#placed(this.window.place(item));
    this.#check();
  }

  /** An ack is on its way, until the returned function is called. */
  awaitAck(): () => void {
    this.#awaited += 1;
    return () => {
      this.#awaited -= 1;
      this.#check();
    };
  }

  /** Something of one's own was stored there that no frame brings. */
  expect(seq: number): void {
    this.window.expect(seq);
    this.#check();
  }

  /** The conversation begins with this client. */
  begin(): void {
    this.window.cursor ??= 0;
  }

  onSynced(seq: number): void {
    this.#live = true;
    this.#placed(this.window.completeUpTo(seq));
    this.#check();
  }

  onLive(): void {
    this.#live = true;
    this.#check();
  }

  onDown(): void {
    this.#live = false;
  }

  onReset(seq: number): void {
    this.#era += 1;
    this.#live = true;
    this.#older = null;
    this.#allowance = this.#options.maxMessages;
    this.window.restart(seq);
    this.#options.onChange();
  }

  loadOlder(limit: number): Promise<number> {
    this.#older ??= this.#loadOlder(limit).finally(() => {
      this.#older = null;
    });
    return this.#older;
  }

  /** Keeps the newest. */
  trim(max: number = this.#options.maxMessages): void {
    this.#allowance = this.#options.maxMessages;
    this.window.keep(max);
    this.#options.onChange();
  }

  async #loadOlder(limit: number): Promise<number> {
    const { conversationId, requests, maxMessages } = this.#options;
    const era = this.#era;
    if (!this.window.hasOlder) return 0;
    if (this.window.items.length >= OLDER_FACTOR * maxMessages) {
      throw new ChatError('window_full', 'Too many are loaded: trim() first.');
    }
    const ask = (): Outgoing => ({
      type: 'history',
      conv_id: conversationId,
      limit: Math.min(limit, MAX_OLDER_PAGE),
      before: this.window.cursor === null ? undefined : this.window.lowest,
    });
    // What the stream brings is news: the history must not come first.
    const page = await (this.window.cursor === null
      ? requests.askSynced('history', ask)
      : requests.ask('history', ask()));
    if (era !== this.#era) return 0;
    const items = page.messages.map(itemOf);
    this.window.cursor ??= items.at(-1)?.seq ?? 0;
    const added = this.window.prepend(items, page.more);
    this.#allowance = Math.max(this.#allowance, this.window.items.length);
    this.#options.onKept(added);
    this.#options.onChange();
    return added;
  }

  #placed(items: readonly ConversationItem[]): void {
    if (items.length === 0) return;
    this.window.keep(this.#allowance);
    this.#options.onKept(items.length);
    this.#options.onPlaced(items);
  }

  /** A gap that no ack on its way can fill is filled from the history. */
  #check(): void {
    if (this.#mayFill && !this.#filling) void this.#fill();
  }

  get #mayFill(): boolean {
    return this.window.hasGap && this.#live && this.#awaited === 0;
  }

  async #fill(): Promise<void> {
    this.#filling = true;
    const era = this.#era;
    try {
      while (this.#mayFill) {
        await (this.window.cursor === null ? this.#findBeginning(era) : this.#fillAfter(this.window.cursor, era));
        if (era !== this.#era) break;
      }
    } catch (error) {
      if (era === this.#era) this.#giveUp(error);
    }
    this.#filling = false;
    if (era !== this.#era) this.#check();
  }

  async #fillAfter(cursor: number, era: number): Promise<void> {
    const { conversationId, requests } = this.#options;
    const page = await requests.ask('history', {
      type: 'history',
      conv_id: conversationId,
      after: cursor,
      limit: FILL_PAGE,
    });
    if (era !== this.#era) return;
    const items = page.messages.map(itemOf);
    // Between those that the page has, there is nothing for this user. An empty page: nor up to what is known.
    const upTo = items.at(-1)?.seq ?? this.window.firstAhead;
    const placed = items.flatMap((item) => this.window.place(item));
    this.#placed([...placed, ...this.window.completeUpTo(upTo)]);
  }

  /** Only one's own sends are known: what was before them is older, not new. */
  async #findBeginning(era: number): Promise<void> {
    const { conversationId, requests } = this.#options;
    const first = this.window.firstAhead;
    const page = await requests.ask('history', { type: 'history', conv_id: conversationId, before: first });
    if (era !== this.#era || this.window.cursor !== null) return;
    this.window.cursor = first - 1;
    this.#options.onKept(this.window.prepend(page.messages.map(itemOf), page.more));
    this.#placed(this.window.completeUpTo(first - 1));
  }

  #giveUp(error: unknown): void {
    const temporary = error instanceof ChatError && (error.temporary || error.code === 'closed');
    // The next connection begins at the cursor and brings what is missing.
    if (temporary) return;
    this.#options.onError(error);
    this.#placed(this.window.completeUpTo(this.window.firstAhead));
  }
}
