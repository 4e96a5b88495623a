import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { ConversationId, MessageId } from '../types.ts';
import type { Hub } from './hub.ts';
import type { MembershipLoader } from './membership-loader.ts';

const MAX_HEADS = 5_000;
const MAX_STRANGERS = 50_000;
const MEMBERS_PAGE = 256;

/**
 * While the bus is away: finds the other nodes' messages by reading the store's tail on a short timer. Ids are not in commit order, so each read begins
 * a margin below the highest id seen; what commits even later is found by the head check when the bus is back.
 */
export class TailReader {
  readonly #hub: Hub;
  readonly #loader: MembershipLoader;
  readonly #messages: Pick<MessageStore, 'headsSince' | 'lastMessageId'>;
  readonly #conversations: Pick<ConversationStore, 'membersOf'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #periodMs: number;
  readonly #margin: number;
  readonly #checkAll: () => void;
  /** Conversations found to have no member here, since the reading began. */
  readonly #strangers = new Set<ConversationId>();
  #mark: MessageId = 0;
  #cancel: CancelTimer | null = null;
  #active = false;
  #reading = 0;

  constructor(deps: {
    hub: Hub;
    loader: MembershipLoader;
    messages: Pick<MessageStore, 'headsSince' | 'lastMessageId'>;
    conversations: Pick<ConversationStore, 'membersOf'>;
    clock: Clock;
    log: Log;
    periodMs: number;
    margin: number;
    checkAll: () => void;
  }) {
    this.#hub = deps.hub;
    this.#loader = deps.loader;
    this.#messages = deps.messages;
    this.#conversations = deps.conversations;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#periodMs = deps.periodMs;
    this.#margin = deps.margin;
    this.#checkAll = deps.checkAll;
  }

  /** `mark`: the highest message id this node knew to be committed while the bus was up. */
  start(mark: MessageId): void {
    if (this.#active) return;
    this.#active = true;
    this.#mark = mark;
    this.#strangers.clear();
    this.#schedule();
  }

  stop(): void {
    this.#active = false;
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(): void {
    if (!this.#active) return;
    const reading = ++this.#reading;
    this.#cancel = this.#clock.after(this.#periodMs, () => {
      // Stopped and started again meanwhile: another chain goes on.
      void this.#read().finally(() => reading === this.#reading && this.#schedule());
    });
  }

  async #read(): Promise<void> {
    try {
      const last = await this.#messages.lastMessageId();
      const { heads, truncated } = await this.#messages.headsSince(Math.max(0, this.#mark - this.#margin), MAX_HEADS);
      const unknown: ConversationId[] = [];
      for (const { conversationId, seq } of heads) {
        const feed = this.#hub.feed(conversationId);
        if (feed !== undefined) this.#hub.noteHead(feed, seq);
        else if (!this.#strangers.has(conversationId)) unknown.push(conversationId);
      }
      await this.#admit(unknown);
      this.#mark = Math.max(this.#mark, last);
      if (truncated) this.#checkAll();
    } catch (error) {
      this.#log.warn({ err: error }, 'the tail of the store could not be read; trying again');
    }
  }

  /** New conversations of users that are here. */
  async #admit(conversationIds: readonly ConversationId[]): Promise<void> {
    for (let at = 0; at < conversationIds.length; at += MEMBERS_PAGE) {
      const page = conversationIds.slice(at, at + MEMBERS_PAGE);
      const mark = this.#loader.mark();
      const rows = (await this.#conversations.membersOf(page)).filter(
        (row) => this.#hub.user(row.userId) !== undefined,
      );
      const here = new Set(rows.map((row) => row.conversationId));
      if (this.#strangers.size > MAX_STRANGERS) this.#strangers.clear();
      for (const id of page) if (!here.has(id)) this.#strangers.add(id);
      await this.#loader.attachNew(rows, mark);
    }
  }
}
