import { encodeFrame } from '@parley/protocol';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { LoadedConversation } from '../feed/membership-loader.ts';
import type { Connection } from '../ports/connection.ts';
import type { ResetReason } from '../ports/telemetry.ts';
import type { CatchUpRange } from '../session/local-user.ts';
import type { SentSoFar } from '../session/sent-so-far.ts';
import type { ConversationId, ConversationKind, Seq } from '../types.ts';
import { type Resume, unknownCursors } from './resume.ts';
import type { SessionLoad } from './session-load.ts';

const OF_KIND = { personal: ',"kind":"personal","seq":', group: ',"kind":"group","seq":' } as const;
/** Of about 80 bytes each, before the socket is waited for. */
const MAX_AT_ONCE = 2_000;
const NOTHING_RECOVERED = ',"recovered":0}';

/** As the device is told. */
const reasonOf = ({ sameEpoch }: Resume): 'ahead' | 'epoch' => (sameEpoch ? 'ahead' : 'epoch');

/** What a legacy session reads: everything pending; its own messages are pending for nobody (L1). */
export function pendingRanges(loaded: readonly LoadedConversation[]): CatchUpRange[] {
  return loaded.map(({ row, feed }) => {
    const afterSeq = Math.max(row.joinedSeq, row.deliveredSeq);
    // What is above the feed's position comes through the feed.
    return { feed, afterSeq, uptoSeq: feed.position, includeOwn: false };
  });
}

/**
 * What a device of the current protocol has missed, and what it is told of it: each of its conversations answers `synced` or `reset`, then
 * `sync_complete`. Lives as long as something is to be announced.
 */
export class SessionSync {
  readonly #connection: Connection;
  readonly #sent: SentSoFar;
  readonly #initial: boolean;
  /** Conversations to announce as `synced`, with the messages sent meanwhile. */
  readonly #open = new Map<ConversationFeed, number>();
  /** Those of `begin`. */
  #answers: string[] = [];
  #announced = 0;
  #recovered = 0;
  #resets = 0;
  #strange = 0;

  /** @param initial the answer to a `hello`, which ends with `sync_complete` */
  constructor(connection: Connection, sent: SentSoFar, initial: boolean) {
    this.#connection = connection;
    this.#sent = sent;
    this.#initial = initial;
  }

  /**
   * Answers the conversations without news (see `answerSome`), and those that are open not at all, but for those that are `strange`.
   * @returns where each goes on that does not where its feed is
   */
  begin(
    loaded: readonly LoadedConversation[],
    resume: Resume,
    { open, strange }: Pick<SessionLoad, 'open' | 'strange'>,
  ): CatchUpRange[] {
    const ranges: CatchUpRange[] = [];
    let known = 0;
    for (const { conversationId, kind, head } of strange) this.#reset(conversationId, kind, head, resume);
    for (const { row, feed } of loaded) {
      const cursor = resume.cursors?.get(feed.conversationId);
      if (cursor !== undefined) known++;
      const head = Math.max(row.leftSeq ?? row.head, feed.position);
      if (cursor !== undefined && (!resume.sameEpoch || cursor > head)) {
        this.#reset(feed.conversationId, feed.kind, feed.position, resume);
        continue;
      }
      const afterSeq = Math.max(row.joinedSeq, cursor ?? row.deliveredSeq);
      const { position } = feed;
      if (afterSeq !== position) ranges.push({ feed, afterSeq, uptoSeq: position, includeOwn: true });
      if (afterSeq >= position) this.#answers.push(this.#synced(feed, 0, afterSeq));
      else this.#open.set(feed, 0);
    }
    if (known === (resume.cursors?.size ?? 0)) return ranges;
    const unknown = unknownCursors(loaded, resume.cursors, open);
    // A client may name ten thousand of each.
    const groups = new Set(resume.groups);
    for (const conversationId of unknown) {
      // A conversation that this store does not have for the user, and never had.
      this.#reset(conversationId, groups.has(conversationId) ? 'group' : 'personal', 0, resume);
    }
    this.#strange = unknown.length;
    return ranges;
  }

  /** Conversations answered so far. */
  get announced(): number {
    return this.#announced;
  }

  /** Messages that were sent in them. */
  get recovered(): number {
    return this.#recovered;
  }

  /** Those of the conversations that the device has to forget. */
  get resets(): number {
    return this.#resets;
  }

  /** Why, for the record. Whoever makes up conversations is not ahead of the store. */
  resetReason(resume: Resume): ResetReason {
    return this.#resets > this.#strange || !resume.sameEpoch ? reasonOf(resume) : 'unknown';
  }

  /** The user has become a member of it meanwhile. */
  announce(feed: ConversationFeed): void {
    if (!this.#open.has(feed)) this.#open.set(feed, 0);
  }

  /** A message of the feed was sent from the store. */
  sent(feed: ConversationFeed): void {
    const count = this.#open.get(feed);
    if (count !== undefined) this.#open.set(feed, count + 1);
  }

  /** Before anything else: sends of the answers of `begin` as much as a socket takes at once. @returns whether there are more, and it has to be waited for */
  answerSome(): boolean {
    for (const answer of this.#answers.splice(0, MAX_AT_ONCE)) this.#connection.send(answer);
    return this.#answers.length > 0;
  }

  /** Before `end`: announces some, when there are too many for once. @returns whether there were, and the socket has to be waited for */
  announceSome(): boolean {
    if (this.#open.size <= MAX_AT_ONCE) return false;
    for (const [feed, recovered] of [...this.#open].slice(0, MAX_AT_ONCE)) {
      this.#open.delete(feed);
      this.#announce(feed, recovered);
    }
    return true;
  }

  /** All that was missed has been sent. @returns whether it was the answer to a `hello` */
  end(): boolean {
    for (const [feed, recovered] of this.#open) this.#announce(feed, recovered);
    if (this.#initial) {
      this.#connection.send(encodeFrame({ type: 'sync_complete', conversations: this.#announced }));
    }
    return this.#initial;
  }

  #announce(feed: ConversationFeed, recovered: number): void {
    this.#connection.send(this.#synced(feed, recovered, this.#sent.completeTo(feed)));
  }

  #synced({ conversationId, kind }: ConversationFeed, recovered: number, seq: Seq): string {
    this.#announced++;
    this.#recovered += recovered;
    // By hand, and of few pieces: there may be a thousand of them.
    const rest = recovered === 0 ? NOTHING_RECOVERED : `,"recovered":${recovered}}`;
    return `{"type":"synced","conv_id":${conversationId}${OF_KIND[kind]}${seq}${rest}`;
  }

  #reset(conversationId: ConversationId, kind: ConversationKind, seq: Seq, resume: Resume): void {
    this.#announced++;
    this.#resets++;
    this.#answers.push(encodeFrame({ type: 'reset', conv_id: conversationId, kind, seq, reason: reasonOf(resume) }));
  }
}
