import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { ConversationId } from '../types.ts';
import type { Publisher } from './publisher.ts';

/** What is announced of a conversation besides its head. */
type Doubtful = Pick<ConversationFeed, 'conversationId' | 'kind' | 'members'>;

const DELAY_MS = 1_000;
const MAX_CONVERSATIONS = 10_000;
const HEADS_PER_READ = 1_000;

/**
 * Sends and changes of groups that were given up without knowing whether they are committed: nobody has published them, so their conversations' heads
 * are read and announced once the store answers again (G4). Past the bound every node is told to check everything.
 */
export class DoubtfulSends {
  readonly #messages: Pick<MessageStore, 'heads'>;
  readonly #publisher: Publisher;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #feeds = new Map<ConversationId, Doubtful>();
  /** Their heads are being read. */
  #reading: readonly Doubtful[] = [];
  #overflow = false;
  #stopped = false;
  #cancel: CancelTimer | null = null;

  constructor(deps: { messages: Pick<MessageStore, 'heads'>; publisher: Publisher; clock: Clock; log: Log }) {
    this.#messages = deps.messages;
    this.#publisher = deps.publisher;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Some send's conversation is not announced yet. */
  get pending(): boolean {
    return this.#feeds.size > 0 || this.#reading.length > 0 || this.#overflow;
  }

  note(conversation: Doubtful): void {
    if (this.#stopped) return;
    if (this.#feeds.size >= MAX_CONVERSATIONS) this.#overflow = true;
    else this.#feeds.set(conversation.conversationId, conversation);
    this.#cancel ??= this.#clock.after(DELAY_MS, () => void this.#announce());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#feeds.clear();
  }

  async #announce(): Promise<void> {
    const feeds = [...this.#feeds.values()].slice(0, HEADS_PER_READ);
    // Before the read: what is noted while it is under way may be committed after it.
    for (const feed of feeds) this.#feeds.delete(feed.conversationId);
    this.#reading = feeds;
    try {
      const heads = await this.#messages.heads(feeds.map((feed) => feed.conversationId));
      this.#publisher.publish(
        feeds.map(({ kind, conversationId, members }) => {
          return { type: 'head', kind, conversationId, seq: heads.get(conversationId) ?? 0, members } as const;
        }),
      );
      if (this.#overflow) this.#publisher.announceCheckAll();
      this.#overflow = false;
    } catch (error) {
      for (const feed of feeds) this.#feeds.set(feed.conversationId, feed);
      this.#log.warn(
        { err: error, conversations: this.#feeds.size },
        'heads of doubtful sends could not be read; trying again',
      );
    }
    this.#reading = [];
    const more = this.#feeds.size > 0 && !this.#stopped;
    this.#cancel = more ? this.#clock.after(DELAY_MS, () => void this.#announce()) : null;
  }
}
