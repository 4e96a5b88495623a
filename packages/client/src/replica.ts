import type { ChatError } from './chat-error.ts';
import { chunks } from './chunks.ts';
import { type ConversationHost, ConversationReplica } from './conversation.ts';
import type { FrameOf, Summary } from './wire.ts';

/** Bounds of `hello`. */
const MAX_CURSORS = 10_000;
const MAX_STATUS_OF = 1_000;
const SUMMARIES_PER_REQUEST = 100;
const SUMMARY_DELAY_MS = 50;
/** Over all conversations, as many times what one may keep. */
const TOTAL_FACTOR = 20;
/** What is left of a conversation without news, or less when there are very many. */
const KEPT_WHEN_COLD = 20;

/** All conversations that this client knows, and what it tells the server of them. */
export class Replica {
  readonly #host: ConversationHost;
  readonly #onNew: (conversation: ConversationReplica) => void;
  /** Those with the latest news, or read last, at the end. */
  readonly #conversations = new Map<number, ConversationReplica>();
  readonly #wanted = new Set<number>();
  #cancelSummaries: (() => void) | null = null;
  #live = false;
  /** Messages kept, or more: counted anew when it matters. */
  #total = 0;
  /** Of the store that the cursors belong to. */
  #epoch: string | null = null;
  /** Of the store behind the connection: the cursors belong to it once it has said which of them mean nothing there. */
  #welcomedBy: string | null = null;

  constructor(host: ConversationHost, onNew: (conversation: ConversationReplica) => void) {
    this.#host = host;
    this.#onNew = onNew;
  }

  get conversations(): ReadonlyMap<number, ConversationReplica> {
    return this.#conversations;
  }

  get(conversationId: number): ConversationReplica {
    const known = this.#conversations.get(conversationId);
    if (known !== undefined) return known;
    const conversation = new ConversationReplica(conversationId, this.#host, this.#live);
    this.#conversations.set(conversationId, conversation);
    this.#onNew(conversation);
    return conversation;
  }

  /** For `hello`: what this device has. */
  hello(): Record<string, unknown> {
    const known = [...this.#conversations.values()].reverse();
    const withCursor = known.filter((conversation) => conversation.log.window.cursor !== null).slice(0, MAX_CURSORS);
    const followed = known.filter(({ receiptState: { follows, receipts } }) => follows || receipts.size > 0);
    if (this.#epoch === null || withCursor.length === 0) return { cursors: 'server' };
    return {
      cursors: Object.fromEntries(withCursor.map(({ id, log }) => [id, log.window.cursor])),
      groups: withCursor.filter(({ kind }) => kind === 'group').map(({ id }) => id),
      epoch: this.#epoch,
      status_of: followed.slice(0, MAX_STATUS_OF).map(({ id }) => id),
    };
  }

  onWelcome(epoch: string): void {
    this.#welcomedBy = epoch;
    this.#epoch ??= epoch;
  }

  onSynced(frame: FrameOf<'synced'>): void {
    const conversation = this.get(frame.conv_id);
    conversation.kind = frame.kind;
    conversation.log.onSynced(frame.seq);
    // It is new, and perhaps nothing will be said in it for long.
    if (this.#live && conversation.name === null) this.needSummary(conversation.id);
  }

  onReset(frame: FrameOf<'reset'>): ConversationReplica {
    const conversation = this.get(frame.conv_id);
    conversation.kind = frame.kind;
    conversation.onReset(frame.seq);
    return conversation;
  }

  onComplete(): void {
    this.#epoch = this.#welcomedBy;
    this.#live = true;
    for (const { id, log, unread } of this.#conversations.values()) {
      log.onLive();
      // The user may have seen it on another device meanwhile.
      if (unread > 0) this.#wanted.add(id);
    }
    this.#askSummaries();
  }

  onDown(): void {
    this.#live = false;
    for (const conversation of this.#conversations.values()) conversation.log.onDown();
  }

  /** It has the latest news, or is being read. */
  onKept(count: number, conversation: ConversationReplica): void {
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    this.#total += count;
    if (this.#total > TOTAL_FACTOR * this.#host.maxMessages) this.#shrink(conversation);
  }

  onSummaries(summaries: readonly Summary[]): ConversationReplica[] {
    return summaries.map((summary) => {
      const conversation = this.get(summary.conv_id);
      this.#wanted.delete(summary.conv_id);
      conversation.onSummary(summary);
      return conversation;
    });
  }

  /** Collected, so that many conversations are one request. */
  needSummary(conversationId: number): void {
    this.#wanted.add(conversationId);
    if (this.#live) this.#cancelSummaries ??= this.#host.timers.after(SUMMARY_DELAY_MS, () => this.#askSummaries());
  }

  #askSummaries(): void {
    this.#cancelSummaries?.();
    this.#cancelSummaries = null;
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const some of chunks(wanted, SUMMARIES_PER_REQUEST)) {
      this.#host.requests
        .once('conversations', { type: 'conversations', conv_id: some })
        .then((page) => {
          // Texts have filled the answer: what it lacks is asked for again.
          if (page.next) for (const id of some) this.needSummary(id);
          this.onSummaries(page.conversations);
        })
        .catch((error: unknown) => {
          // Asked again after the next sync.
          if ((error as ChatError).code === 'disconnected') for (const id of some) this.#wanted.add(id);
        });
    }
  }

  /** Those without news for longest keep the least, and the last one all. */
  #shrink(last: ConversationReplica): void {
    this.#total = 0;
    for (const { log } of this.#conversations.values()) this.#total += log.window.items.length;
    const wanted = (TOTAL_FACTOR * this.#host.maxMessages) / 2;
    const kept = Math.min(KEPT_WHEN_COLD, Math.floor(wanted / this.#conversations.size));
    for (const conversation of this.#conversations.values()) {
      if (this.#total <= wanted || conversation === last) break;
      const before = conversation.log.window.items.length;
      conversation.trim(kept);
      this.#total -= before - conversation.log.window.items.length;
    }
  }
}
