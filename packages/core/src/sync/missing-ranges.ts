import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { CatchUpRange } from '../session/local-user.ts';
import type { ConversationId, Seq } from '../types.ts';
import { mergeRanges } from './catch-up-ranges.ts';
import type { ListedConversations } from './listed-conversations.ts';
import type { LiveTail } from './live-tail.ts';
import { SkippedSeqs } from './skipped-seqs.ts';

const NONE: ReadonlyMap<ConversationFeed, Seq> = new Map();

/** What a session goes on from. */
export interface ReadMemberships {
  /** What the device has missed of each conversation that was answered, or where it goes on. */
  readonly ranges: readonly CatchUpRange[];
  /** What was read. */
  readonly listed: ListedConversations;
  /** Feeds that began meanwhile. */
  readonly young: readonly ConversationFeed[];
  /** Of these conversations the device has what is at or below their seqs, and hears the rest when their memberships are known. */
  readonly open: Map<ConversationId, Seq>;
  /** Those that the user is attached to. */
  readonly feeds: ReadonlyMap<ConversationId, ConversationFeed>;
}

/**
 * What one session has yet to read from the store, how far it has read, and where it goes on live behind that, so that each conversation comes in order,
 * once (G4, G5). Bounded by the session's conversations.
 */
export class MissingRanges {
  readonly #tail: LiveTail;
  #waiting: CatchUpRange[] = [];
  /** How far each conversation has been read in this backlog, or is being read. Null while there is none. */
  #read: Map<ConversationFeed, Seq> | null = null;
  /** Null while there are none. */
  #skipped: SkippedSeqs | null = null;
  /** Conversations of the user that were not answered, since their members changed too fast, with what the device has of them. Null while there are none. */
  #open: Map<ConversationId, Seq> | null = null;

  /** @param tail of the same session: what is dropped there is read from here */
  constructor(tail: LiveTail) {
    this.#tail = tail;
  }

  /** The memberships are read, and the session goes on from there. @returns what is missing besides the ranges */
  begin({ ranges, listed, young, open, feeds }: ReadMemberships): readonly CatchUpRange[] {
    this.#open = open.size === 0 ? null : open;
    for (const [conversationId, uptoSeq] of listed.left) {
      this.#tail.forget(conversationId, uptoSeq);
      // Other sessions of the user are still attached: the feed has not come to where it left.
      const feed = feeds.get(conversationId);
      if (feed !== undefined) this.#goOnBehind({ feed, afterSeq: uptoSeq, uptoSeq: feed.position });
    }
    // What has passed by of the others is for each range below, by this session's own row, to read, or not to (G7).
    this.#tail.forgetAll((conversationId) => listed.upto(conversationId) === Number.POSITIVE_INFINITY);
    for (const range of ranges) this.#goOnBehind(range);
    // What came to all sessions of the user meanwhile stands back behind what this session has read.
    const news = this.#waiting
      .filter(({ feed, uptoSeq }) => uptoSeq > listed.upto(feed.conversationId))
      .map((range) => this.#beyondWhatItHas(range));
    for (const feed of young) news.push({ feed, afterSeq: 0, uptoSeq: feed.position, includeOwn: true });
    this.#waiting = [...news, ...ranges];
    return news;
  }

  add(ranges: readonly CatchUpRange[]): void {
    const missing = this.#open === null ? ranges : ranges.map((range) => this.#beyondWhatItHas(range));
    this.#waiting.push(...missing);
    for (const range of missing) this.#goOnBehind(range);
  }

  /** The user has left at `seq`: what waits in the tail is read up to there. */
  departed(feed: ConversationFeed, seq: Seq): void {
    const missing = this.#tail.departed(feed, seq);
    if (missing === null) return;
    const afterSeq = this.#behindRead(feed, missing.afterSeq);
    if (afterSeq < seq) this.#waiting.push({ ...missing, afterSeq });
  }

  /** To read next; counts as read from here on. Empty when nothing is missing at the moment. */
  take(): readonly CatchUpRange[] {
    const read = this.#read ?? new Map<ConversationFeed, Seq>();
    this.#read = read;
    for (const [feed, seq] of this.#tail.takeMissed()) {
      const afterSeq = this.#behindRead(feed, seq);
      if (feed.position > afterSeq) this.#waiting.push({ feed, afterSeq, uptoSeq: feed.position, includeOwn: true });
    }
    const ranges = mergeRanges(this.#waiting.filter((range) => range.uptoSeq > range.afterSeq));
    this.#waiting = [];
    for (const { feed, uptoSeq } of ranges) read.set(feed, Math.max(uptoSeq, read.get(feed) ?? 0));
    return ranges;
  }

  get none(): boolean {
    return !this.#tail.overflown && this.#waiting.length === 0;
  }

  /** Since the backlog began. */
  get read(): ReadonlyMap<ConversationFeed, Seq> {
    return this.#read ?? NONE;
  }

  /** The backlog is through. */
  forgetRead(): void {
    this.#read = null;
  }

  /** The seq behind which the feed waits, to be read or in the tail; null when nothing of it does. */
  waitsAfter(feed: ConversationFeed): Seq | null {
    return this.#waiting.find((range) => range.feed === feed)?.afterSeq ?? this.#tail.before(feed);
  }

  /** Up to where the session has all, once what is missing has been read. */
  completeTo(feed: ConversationFeed): Seq {
    const sent = this.#read?.get(feed) ?? this.#tail.before(feed) ?? feed.position;
    return Math.max(sent, this.skippedTo(feed));
  }

  /** The seq behind which the session goes on; 0 when that is wherever its feed is. */
  skippedTo(feed: ConversationFeed): Seq {
    return this.#skipped?.of(feed) ?? 0;
  }

  /** Whether a live message is not for this session: its device has it, or its user was no member. */
  skips(feed: ConversationFeed, seq: Seq): boolean {
    return this.#skipped?.has(feed, seq) === true;
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The session goes on behind `afterSeq`, though its feed has not come there. */
  #goOnBehind(range: Omit<CatchUpRange, 'includeOwn'>): void {
    const waits = this.#tail.before(range.feed) !== null;
    if (!SkippedSeqs.concerns(range, waits)) return;
    this.#skipped ??= new SkippedSeqs();
    this.#skipped.note(range);
  }

  #behindRead(feed: ConversationFeed, afterSeq: Seq): Seq {
    return Math.max(afterSeq, this.#read?.get(feed) ?? 0, this.skippedTo(feed));
  }

  /** Of a conversation that was not answered: not what the device has. */
  #beyondWhatItHas(range: CatchUpRange): CatchUpRange {
    const hasSeq = this.#open?.get(range.feed.conversationId);
    if (hasSeq === undefined) return range;
    this.#open?.delete(range.feed.conversationId);
    return hasSeq > range.afterSeq ? { ...range, afterSeq: hasSeq } : range;
  }
}
