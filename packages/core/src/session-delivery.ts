import { Backlog, type BacklogEntry } from './backlog.ts';
import { mergeRanges } from './catch-up-ranges.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import { DeliveryNotes } from './delivery-notes.ts';
import { LiveTail } from './live-tail.ts';
import type { CatchUpRange, LocalUser, Recipient } from './local-user.ts';
import type { LoadedConversation, LoadedUser } from './membership-loader.ts';
import { legacyFrame, storedFrame } from './message-frame.ts';
import type { Connection } from './ports/connection.ts';
import type { Watcher } from './presence-table.ts';
import { tellPresentStatus } from './present-status.ts';
import type { MessagePublication } from './publication.ts';
import type { NodeServices } from './services.ts';
import { pendingRanges, type Resume, resetReason, SessionSync, unknownCursors } from './session-sync.ts';
import type { ConversationId, Seq, StoredMessage, UserId } from './types.ts';
import { Watermark } from './watermarks.ts';

/**
 * `loading`: memberships are being read. `backlog`: pending messages are. Live frames wait in the tail in both. `frozen`: nothing more is sent, what was
 * sent can still be proven.
 */
type Phase = 'loading' | 'backlog' | 'live' | 'frozen' | 'closed';

/** The session that a delivery belongs to. */
export interface DeliveryOwner {
  /** The memberships are read: from here on nothing that is committed is missed. `loaded.name`: as stored. Nothing is sent before this resolves. */
  onLoaded(loaded: LoadedUser): Promise<void> | void;
  /** The store went on failing: the session must end, the client comes back. */
  onLoadFailed(): void;
}

const LOAD_RETRY_MS = 200;
const LOAD_RETRY_FOR_MS = 10_000;
/** Of frames, before the socket is waited for. One more may come to 400 KB, and a socket that holds back a megabyte is ended. */
const MAX_BYTES_AT_ONCE = 262_144;

/**
 * The way down for one connection: loading, backlog, then live, spliced by seq, so that each conversation arrives in order, once (G4, G5).
 *
 * While loading or in backlog, live frames wait in the tail, which is bounded: past the bound it is dropped, and what was dropped is read from the
 * store like any backlog. A page of backlog waits until the socket has taken the one before. A legacy client's frames are proven by pings behind them; a
 * current client says what it has.
 */
export class SessionDelivery implements Recipient, Watcher {
  readonly sessionId: number;
  readonly protocol: 'legacy' | 'current';
  readonly connection: Connection;
  readonly watermark = new Watermark();
  readonly user: LocalUser;
  readonly #services: NodeServices;
  readonly #owner: DeliveryOwner;
  readonly #resume: Resume | null;
  #sync: SessionSync | null = null;
  #phase: Phase = 'loading';
  #queued: CatchUpRange[] = [];
  readonly #tail: LiveTail;
  /** How far each conversation has been read in this backlog, or is being read. */
  #readTo: Map<ConversationFeed, Seq> | null = null;
  /** In backlog: how far this session has been sent each conversation that it reads. */
  #progress: Map<ConversationFeed, Seq> | null = null;
  #departedMeanwhile = false;
  /**
   * Where this session goes on live, of conversations whose feed is not there yet: what is at or below it the device has, or its user was no member
   * (G5, G7).
   */
  #skip: Map<ConversationFeed, Seq> | null = null;
  /** Null for a legacy session. */
  readonly #notes: DeliveryNotes | null;
  #wakeOnDrain: (() => void) | null = null;

  constructor(deps: {
    sessionId: number;
    connection: Connection;
    user: LocalUser;
    services: NodeServices;
    owner: DeliveryOwner;
    /** What a device of the current protocol has; null for a legacy session. */
    resume: Resume | null;
  }) {
    this.sessionId = deps.sessionId;
    this.protocol = deps.resume === null ? 'legacy' : 'current';
    this.connection = deps.connection;
    this.user = deps.user;
    this.#services = deps.services;
    this.#owner = deps.owner;
    this.#resume = deps.resume;
    this.#notes = deps.resume === null ? null : new DeliveryNotes();
    const { maxTailFrames: maxFrames, maxTailBytes: maxBytes } = deps.services.settings;
    this.#tail = new LiveTail({ maxFrames, maxBytes });
  }

  get userId(): UserId {
    return this.user.id;
  }

  /** Nothing is sent any more. */
  get closed(): boolean {
    return this.#ended;
  }

  get loading(): boolean {
    return this.#phase === 'loading';
  }

  /** Reads memberships and backlog, then goes live. Never rejects. */
  async start(): Promise<void> {
    let conversations: readonly LoadedConversation[] | 'outdated' | null;
    do {
      // Whoever leaves a conversation while its membership is being read must not read on: what was read is forgotten.
      this.#departedMeanwhile = false;
      conversations = await this.#load();
      if (conversations === null || this.#ended) return;
    } while (conversations === 'outdated' || this.#departedMeanwhile);
    /** How far each conversation is the business of what was read: all the way, or up to where the user has left. */
    const listed = new Map(
      conversations.map(({ row, feed }) => [feed.conversationId, row.leftSeq ?? Number.POSITIVE_INFINITY]),
    );
    for (const [conversationId, uptoSeq] of listed) {
      if (!Number.isFinite(uptoSeq)) continue;
      this.#tail.forget(conversationId, uptoSeq);
      // Other sessions of the user are still attached: the feed has not come to where it left.
      const feed = this.user.feeds.get(conversationId);
      if (feed !== undefined) this.#skipBelow({ feed, afterSeq: uptoSeq, uptoSeq: feed.position });
    }
    // In one tick with the end of `loading`: a publication finds either a session that awaits its conversation, or one that takes it.
    const young = this.#services.hub.youngFeeds(this.user).filter((feed) => !listed.has(feed.conversationId));
    const ranges = this.#rangesOf(conversations);
    for (const range of ranges) this.#skipBelow(range);
    // What came to all sessions of the user meanwhile stands back behind what this session has read.
    const fresh = this.#queued.filter(({ feed, uptoSeq }) => uptoSeq > (listed.get(feed.conversationId) ?? -1));
    for (const feed of young) fresh.push({ feed, afterSeq: 0, uptoSeq: feed.position, includeOwn: true });
    for (const { feed } of fresh) this.#sync?.announce(feed);
    this.#queued = [...fresh, ...ranges];
    this.#phase = 'backlog';
    await this.#runBacklog();
  }

  /** @returns null when the session ended meanwhile, `outdated` when the user has become a member between two reads */
  async #load(): Promise<readonly LoadedConversation[] | 'outdated' | null> {
    const { loader } = this.#services;
    const loaded = await this.#retrying(() => loader.load(this.user, this.#resume?.groups ?? []));
    if (loaded === null || this.#ended) return null;
    const unknown = unknownCursors(loaded.conversations, this.#resume?.cursors ?? null);
    const left = unknown.length === 0 ? [] : await this.#retrying(() => loader.departed(this.user, unknown));
    if (left === null || this.#ended) return null;
    if (left === 'outdated') return left;
    const greeted = this.#owner.onLoaded(loaded);
    if (greeted !== undefined) await greeted;
    return left.length === 0 ? loaded.conversations : [...loaded.conversations, ...left];
  }

  deliver(feed: ConversationFeed, publication: MessagePublication): void {
    if (this.#phase === 'live') this.#sendLive(feed, publication);
    else if (this.#ended) this.#notes?.unsent(feed, publication.seq - 1);
    else this.#tail.keep(feed, publication);
  }

  notify(frame: Uint8Array | string): void {
    if (this.#phase === 'live' || this.#phase === 'backlog') this.connection.send(frame);
  }

  catchUp(ranges: readonly CatchUpRange[]): void {
    if (this.#ended) {
      for (const { feed, afterSeq } of ranges) this.#notes?.unsent(feed, afterSeq);
      return;
    }
    this.#queued.push(...ranges);
    for (const range of ranges) this.#skipBelow(range);
    if (this.protocol === 'current' && this.#phase !== 'loading') {
      this.#sync ??= new SessionSync((frame) => this.connection.send(frame), false);
      for (const { feed } of ranges) this.#sync.announce(feed);
    }
    if (this.#phase !== 'live') return;
    this.#phase = 'backlog';
    void this.#runBacklog();
  }

  departed(feed: ConversationFeed, seq: Seq): void {
    if (this.#ended) return;
    this.#departedMeanwhile = true;
    const missing = this.#tail.departed(feed, seq);
    if (missing !== null) {
      const afterSeq = Math.max(missing.afterSeq, this.#readTo?.get(feed) ?? 0, this.#skip?.get(feed) ?? 0);
      if (afterSeq < seq) this.#queued.push({ ...missing, afterSeq });
    }
    this.#notes?.departed(feed, seq);
  }

  /** The highest seq of the conversation that this device was sent, or said it has; null when the conversation is not the user's (G6). */
  sentUpTo(conversationId: ConversationId): { readonly feed: ConversationFeed; readonly seq: Seq } | null {
    const feed = this.user.feeds.get(conversationId);
    if (feed !== undefined) return { feed, seq: Math.max(this.#sentOf(feed), this.#skip?.get(feed) ?? 0) };
    const left = this.#notes?.departure(conversationId) ?? null;
    return left === null ? null : { feed: left.feed, seq: Math.min(left.seq, this.#sentOf(left.feed)) };
  }

  /** This session has sent the message and been told so: should it be read from the store meanwhile, it needs no copy. */
  wrote(conversationId: ConversationId, seq: Seq): void {
    if (this.#phase === 'loading' || this.#phase === 'backlog') this.#notes?.wrote(conversationId, seq);
  }

  onPong(payload: string): void {
    const proven = this.watermark.pong(payload);
    if (proven === null) return;
    for (const [feed, seq] of proven) {
      this.#services.receipts.delivered(this.user.id, feed.conversationId, feed.kind, seq);
    }
    if (this.watermark.wantsPing) {
      if (this.#ended) this.watermark.ping(this.connection, this.#services.clock.nowMs());
      else this.#services.pings.request(this);
    }
  }

  onDrain(): void {
    if (this.connection.bufferedBytes() > 0) return;
    this.#wake();
  }

  /** Ends delivery; what is not sent stays pending. */
  freeze(): void {
    if (this.#ended) return;
    if (this.#phase !== 'live' && this.#notes !== null) {
      const left = this.#notes.departures().map(({ feed }) => feed);
      for (const feed of [...this.user.feeds.values(), ...left]) this.#notes.unsent(feed, this.#sentOf(feed));
    }
    this.#phase = 'frozen';
    this.#tail.clear();
    this.#queued = [];
    this.#services.pings.remove(this);
    this.#wake();
  }

  close(): void {
    this.freeze();
    this.#phase = 'closed';
  }

  #wake(): void {
    const wake = this.#wakeOnDrain;
    this.#wakeOnDrain = null;
    wake?.();
  }

  #sentOf(feed: ConversationFeed): Seq {
    switch (this.#phase) {
      case 'live':
        return feed.position;
      case 'backlog':
        return this.#progress?.get(feed) ?? this.#queuedAfter(feed) ?? this.#tail.before(feed) ?? feed.position;
      case 'loading': {
        const has = this.#resume?.sameEpoch === true ? this.#resume.cursors?.get(feed.conversationId) : undefined;
        return Math.min(has ?? 0, feed.position);
      }
      default:
        return this.#notes?.unsentAfter(feed) ?? feed.position;
    }
  }

  #queuedAfter(feed: ConversationFeed): Seq | undefined {
    return this.#queued.find((range) => range.feed === feed)?.afterSeq;
  }

  #rangesOf(conversations: readonly LoadedConversation[]): CatchUpRange[] {
    if (this.#resume === null) return pendingRanges(conversations);
    for (const { row, feed } of conversations) if (row.leftSeq !== null) this.#notes?.departed(feed, row.leftSeq);
    this.#sync = new SessionSync((frame) => this.connection.send(frame), true);
    const ranges = this.#sync.begin(conversations, this.#resume);
    const { resets } = this.#sync;
    if (resets > 0) this.#services.resets.note(resetReason(this.#resume), this.user.id, resets);
    return ranges;
  }

  #skipBelow({ feed, afterSeq, uptoSeq }: Omit<CatchUpRange, 'includeOwn'>): void {
    if (afterSeq < uptoSeq || (afterSeq === uptoSeq && this.#tail.before(feed) === null)) return;
    this.#skip ??= new Map();
    this.#skip.set(feed, afterSeq);
  }

  /** Whether the device needs no copy. */
  #skips(feed: ConversationFeed, seq: Seq): boolean {
    const below = this.#skip?.get(feed);
    if (below === undefined) return false;
    if (seq >= below) this.#skip?.delete(feed);
    return seq <= below;
  }

  #sendLive(feed: ConversationFeed, publication: MessagePublication): void {
    if (this.#skip !== null && this.#skips(feed, publication.seq)) return;
    if (this.protocol === 'current') {
      this.connection.send(publication.frame);
      return;
    }
    const frame = legacyFrame(publication);
    if (frame !== null) this.connection.send(frame);
    if (publication.senderId !== this.user.id) this.#mark(feed, publication.seq);
  }

  #mark(feed: ConversationFeed, seq: Seq): void {
    if (this.protocol === 'current') return;
    this.watermark.mark(feed, seq);
    if (this.watermark.wantsPing) this.#services.pings.request(this);
  }

  async #runBacklog(): Promise<void> {
    const read = new Map<ConversationFeed, Seq>();
    this.#readTo = read;
    this.#progress = new Map();
    while (this.#phase === 'backlog') {
      for (const [feed, seq] of this.#tail.takeMissed()) {
        const afterSeq = Math.max(seq, read.get(feed) ?? 0, this.#skip?.get(feed) ?? 0);
        if (feed.position > afterSeq) this.#queued.push({ feed, afterSeq, uptoSeq: feed.position, includeOwn: true });
      }
      const ranges = mergeRanges(this.#queued.filter((range) => range.uptoSeq > range.afterSeq));
      this.#queued = [];
      for (const { feed, uptoSeq } of ranges) read.set(feed, Math.max(uptoSeq, read.get(feed) ?? 0));
      if (ranges.length > 0 && !(await this.#sendBacklog(ranges))) return;
      if (!this.#tail.overflown && this.#queued.length === 0) break;
    }
    if (this.#phase !== 'backlog') return;
    // Also moves the cursors past messages of the user's own, which are pending for nobody.
    for (const [feed, seq] of read) this.#mark(feed, seq);
    const sync = this.#sync;
    const greeted = sync?.end((feed) => this.#completeTo(feed, read)) ?? false;
    if (sync !== null && greeted) this.#services.telemetry.resumed(sync.announced, sync.recovered);
    this.#sync = null;
    this.#phase = 'live';
    this.#progress = null;
    this.#notes?.forgetOwn();
    for (const { feed, publication } of this.#tail.take()) {
      if (publication.seq > (read.get(feed) ?? 0)) this.#sendLive(feed, publication);
    }
    this.#readTo = null;
    this.#services.pings.flush();
    if (greeted && this.#resume !== null) void tellPresentStatus(this, this.#resume.statusOf, this.#services);
  }

  #completeTo(feed: ConversationFeed, read: ReadonlyMap<ConversationFeed, Seq>): Seq {
    const sent = read.get(feed) ?? this.#tail.before(feed) ?? feed.position;
    return Math.max(sent, this.#skip?.get(feed) ?? 0);
  }

  /** @returns false when the session ended meanwhile */
  async #sendBacklog(ranges: readonly CatchUpRange[]): Promise<boolean> {
    const { backlogPageRows: pageRows, backlogPageBytes: pageBytes } = this.#services.settings;
    for (const { feed, afterSeq } of ranges) {
      if (!this.#progress?.has(feed)) this.#progress?.set(feed, afterSeq);
    }
    const backlog = new Backlog(this.#services.messages, this.user.id, ranges, { pageRows, pageBytes });
    for (;;) {
      // Whose client has gone while it waited in line reads nothing.
      const read = async (): Promise<BacklogEntry[]> => (this.#ended ? [] : backlog.nextPage());
      const page = await this.#retrying(() => this.#services.backlogLimiter.run(read));
      if (page === null || this.#ended) return false;
      if (page.length === 0) break;
      for (let from = 0; from < page.length; ) {
        from = this.#sendPage(page, from);
        if (this.connection.bufferedBytes() > 0) await new Promise<void>((resolve) => (this.#wakeOnDrain = resolve));
        if (this.#ended) return false;
      }
    }
    for (const { feed, uptoSeq } of ranges) this.#progress?.set(feed, uptoSeq);
    return true;
  }

  /** Sends as much of the page as a socket takes well. @returns where to go on */
  #sendPage(page: readonly BacklogEntry[], from: number): number {
    let sent = 0;
    let bytes = 0;
    let at = from;
    for (; at < page.length && bytes < MAX_BYTES_AT_ONCE; at++) {
      const { range, message } = page[at] as BacklogEntry;
      this.#progress?.set(range.feed, message.seq);
      // An event is the news also for who caused it: its answer does not say what has changed.
      if (!message.isEvent && this.#isOwn(message)) continue;
      const frame = storedFrame(message, this.protocol);
      if (frame !== null) {
        bytes += Buffer.byteLength(frame);
        this.connection.send(frame);
        this.#sync?.sent(range.feed);
        sent++;
      }
      if (message.senderId !== this.user.id) this.#mark(range.feed, message.seq);
    }
    this.#services.telemetry.backlogDelivered(sent);
    this.#services.pings.flush();
    return at;
  }

  #isOwn({ clientId, conversationId, seq }: StoredMessage): boolean {
    if (this.#services.clientIds.sessionOf(clientId) === this.sessionId) return true;
    return this.#notes?.isOwn(conversationId, seq) === true;
  }

  get #ended(): boolean {
    return this.#phase === 'frozen' || this.#phase === 'closed';
  }

  /** Reads again while the store is away, and begins no read later than after ten seconds. @returns null when the session ended or had to */
  async #retrying<T>(read: () => Promise<T>): Promise<T | null> {
    const { clock } = this.#services;
    const giveUpMs = clock.nowMs() + LOAD_RETRY_FOR_MS;
    while (!this.#ended) {
      try {
        return await read();
      } catch (error) {
        this.#services.log.warn({ err: error, userId: this.user.id, session: this.sessionId }, 'a backlog read failed');
        // A read that hangs takes seconds to fail: what counts is the time that the client has waited.
        if (clock.nowMs() + LOAD_RETRY_MS > giveUpMs) {
          this.#owner.onLoadFailed();
          return null;
        }
        await new Promise<void>((resolve) => clock.after(LOAD_RETRY_MS, resolve));
      }
    }
    return null;
  }
}
