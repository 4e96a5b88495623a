import type { MessagePublication } from '../bus/publication.ts';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { LoadedUser } from '../feed/membership-loader.ts';
import type { Connection } from '../ports/connection.ts';
import type { Watcher } from '../presence/presence-table.ts';
import type { NodeServices } from '../services.ts';
import { MAX_BYTES_AT_ONCE } from '../socket-limits.ts';
import { BacklogSender, type BacklogTarget } from '../sync/backlog-sender.ts';
import { ListedConversations } from '../sync/listed-conversations.ts';
import { LiveTail } from '../sync/live-tail.ts';
import { MissingRanges } from '../sync/missing-ranges.ts';
import { type StatusTarget, tellPresentStatus } from '../sync/present-status.ts';
import type { Resume } from '../sync/resume.ts';
import type { SessionLoad } from '../sync/session-load.ts';
import { SessionLoading } from '../sync/session-loading.ts';
import { pendingRanges, SessionSync } from '../sync/session-sync.ts';
import type { ConversationId, Seq, UserId } from '../types.ts';
import { legacyFrame } from '../wire/message-frame.ts';
import type { CatchUpRange, LocalUser, Recipient } from './local-user.ts';
import { OwnMessages } from './own-messages.ts';
import { SentSoFar } from './sent-so-far.ts';
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
  /** Null when the socket takes more than short frames; else resolves when it does, or is gone. */
  room(): Promise<void> | null;
}

/**
 * The way down for one connection: loading, backlog, then live, spliced by seq, so that each conversation arrives in order, once (G4, G5).
 *
 * While loading or in backlog, live frames wait in the tail, which is bounded: past the bound it is dropped, and what was dropped is read from the
 * store like any backlog. A page of backlog waits until the socket has taken the one before. A legacy client's frames are proven by pings behind them; a
 * current client says what it has.
 */
export class SessionDelivery implements Recipient, Watcher, BacklogTarget, StatusTarget {
  readonly sessionId: number;
  readonly protocol: 'legacy' | 'current';
  readonly connection: Connection;
  readonly watermark = new Watermark();
  readonly user: LocalUser;
  readonly #services: NodeServices;
  readonly #owner: DeliveryOwner;
  /** Until the first backlog is through; null for a legacy session. */
  #resume: Resume | null;
  #sync: SessionSync | null = null;
  #phase: Phase = 'loading';
  readonly #tail: LiveTail;
  readonly #missing: MissingRanges;
  /** While loading. */
  #loading: SessionLoading | null = null;
  /** The client has been told that it is signed in: from then on news are for it, though its memberships may be read once more. */
  #greeted = false;
  /** Null for a legacy session. */
  readonly #sent: SentSoFar | null;
  /** Null while there are none. */
  #own: OwnMessages | null = null;
  /** While in backlog. */
  #backlog: BacklogSender | null = null;

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
    const { maxTailFrames: maxFrames, maxTailBytes: maxBytes } = deps.services.settings;
    this.#tail = new LiveTail({ maxFrames, maxBytes });
    this.#missing = new MissingRanges(this.#tail);
    this.#sent = deps.resume === null ? null : new SentSoFar(deps.user, this.#missing);
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

  get congested(): boolean {
    return this.#phase === 'live' && this.connection.bufferedBytes() > MAX_BYTES_AT_ONCE;
  }

  /** Reads memberships and backlog, then goes live. Never rejects. */
  async start(): Promise<void> {
    const loading = new SessionLoading(this, this.#resume, this.#services);
    this.#loading = loading;
    this.#sent?.isAt(loading);
    const load = await this.#load(loading);
    if (load === null || this.#ended) return;
    const found = loading.result(load);
    this.#loading = null;
    // In one tick with the end of `loading`: a publication finds either a session that awaits its conversation, or one that takes it.
    const listed = new ListedConversations(found.conversations, found.left);
    const young = this.#services.hub.youngFeeds(this.user, listed);
    const ranges = this.#rangesOf(found);
    const news = this.#missing.begin({ ranges, listed, young, open: found.open, feeds: this.user.feeds });
    for (const { feed } of news) this.#sync?.announce(feed);
    await this.#runBacklog();
  }

  /** @returns null when the session ended meanwhile */
  async #load(loading: SessionLoading): Promise<SessionLoad | null> {
    for (;;) {
      const load = await loading.read();
      if (load === null || this.#ended) return null;
      const greeted = this.#owner.onLoaded(load.user);
      if (greeted !== undefined) await greeted;
      this.#greeted = true;
      if (loading.stands) return load;
    }
  }

  deliver(feed: ConversationFeed, publication: MessagePublication): void {
    if (this.#phase === 'live') this.#sendLive(feed, publication);
    else if (this.#ended) this.#sent?.unsent(feed, publication.seq - 1);
    else this.#tail.keep(feed, publication);
  }

  notify(frame: Uint8Array | string): void {
    if (this.#greeted && !this.#ended) this.connection.send(frame);
  }

  /** As of the session: what is long waits for it. */
  room(): Promise<void> | null {
    return this.#owner.room();
  }

  catchUp(ranges: readonly CatchUpRange[]): void {
    if (this.#ended) {
      for (const { feed, afterSeq } of ranges) this.#sent?.unsent(feed, afterSeq);
      return;
    }
    this.#missing.add(ranges);
    if (this.#sent !== null && this.#phase !== 'loading') {
      this.#sync ??= new SessionSync(this.connection, this.#sent, false);
      for (const { feed } of ranges) this.#sync.announce(feed);
    }
    if (this.#phase === 'live') void this.#runBacklog();
  }

  departed(feed: ConversationFeed, seq: Seq): void {
    if (this.#ended) return;
    this.#loading?.departed(feed.conversationId, seq);
    this.#missing.departed(feed, seq);
    this.#sent?.departed(feed, seq);
  }

  /** See `SentSoFar.upTo` (G6); null for a legacy session. */
  sentUpTo(conversationId: ConversationId): { readonly feed: ConversationFeed; readonly seq: Seq } | null {
    return this.#sent?.upTo(conversationId) ?? null;
  }

  /** This session has sent the message and been told so: should it be read from the store meanwhile, it needs no copy. */
  wrote(conversationId: ConversationId, seq: Seq): void {
    const sent = this.#sent;
    if (sent === null || this.#ended) return;
    // A live session is handed its own messages only behind a gap: when its feed has lost track of whose they are, or it is read of a second membership.
    if (this.#phase === 'live') {
      if (sent.passed(conversationId) >= seq) return;
      this.#forgetOwn(sent);
    }
    this.#own ??= new OwnMessages();
    this.#own.add(conversationId, seq);
  }

  isOwn(conversationId: ConversationId, seq: Seq): boolean {
    return this.#own?.has(conversationId, seq) === true;
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
    if (this.connection.bufferedBytes() === 0) this.#backlog?.wake();
  }

  onGivenUp(): void {
    this.#owner.onLoadFailed();
  }

  onBacklogThrough(): void {
    const missing = this.#missing;
    // Also moves the cursors past messages of the user's own, which are pending for nobody.
    for (const [feed, seq] of missing.read) this.mark(feed, seq);
    const sync = this.#sync;
    const greeted = sync?.end() ?? false;
    if (sync !== null && greeted) this.#services.telemetry.resumed(sync.announced, sync.recovered);
    this.#sync = null;
    this.#phase = 'live';
    this.#backlog = null;
    this.#sent?.isAt(null);
    for (const { feed, publication } of this.#tail.take()) {
      if (publication.seq > (missing.read.get(feed) ?? 0)) this.#sendLive(feed, publication);
    }
    if (this.#sent !== null) this.#forgetOwn(this.#sent);
    missing.forgetRead();
    this.#services.pings.flush();
    const resume = this.#resume;
    // Of no use any more, and as large as the device's list of conversations.
    this.#resume = null;
    if (greeted && resume !== null) void tellPresentStatus(this, resume.statusOf, this.#services);
  }

  mark(feed: ConversationFeed, seq: Seq): void {
    if (this.protocol === 'current') return;
    this.watermark.mark(feed, seq);
    if (this.watermark.wantsPing) this.#services.pings.request(this);
  }

  /** Ends delivery; what is not sent stays pending. */
  freeze(): void {
    if (this.#ended) return;
    this.#sent?.freeze();
    this.#phase = 'frozen';
    this.#tail.clear();
    this.#missing.clear();
    this.#services.pings.remove(this);
    this.#backlog?.wake();
  }

  close(): void {
    this.freeze();
    this.#phase = 'closed';
  }

  #rangesOf(load: SessionLoad): CatchUpRange[] {
    const { conversations } = load;
    const resume = this.#resume;
    const sent = this.#sent;
    if (resume === null || sent === null) return pendingRanges(conversations);
    for (const { row, feed } of conversations) if (row.leftSeq !== null) sent.departed(feed, row.leftSeq);
    const sync = new SessionSync(this.connection, sent, true);
    this.#sync = sync;
    const ranges = sync.begin(conversations, resume, load);
    if (sync.resets > 0) this.#services.resets.note(sync.resetReason(resume), this.user.id, sync.resets);
    return ranges;
  }

  #sendLive(feed: ConversationFeed, publication: MessagePublication): void {
    if (this.#missing.skips(feed, publication.seq)) return;
    if (this.protocol === 'current') {
      const { conversationId, seq, senderId, legacyBytes } = publication;
      // An event is the news also for who caused it.
      const isOwn = senderId === this.user.id && legacyBytes > 0 && this.isOwn(conversationId, seq);
      if (!isOwn) this.connection.send(publication.frame);
      return;
    }
    const frame = legacyFrame(publication);
    if (frame !== null) this.connection.send(frame);
    if (publication.senderId !== this.user.id) this.mark(feed, publication.seq);
  }

  #forgetOwn(sent: SentSoFar): void {
    this.#own = this.#own?.without((id) => sent.passed(id)) ?? null;
  }

  #runBacklog(): Promise<void> {
    const backlog = new BacklogSender(this, this.#missing, this.#sync, this.#services);
    this.#phase = 'backlog';
    this.#backlog = backlog;
    this.#sent?.isAt(backlog);
    return backlog.run();
  }

  get #ended(): boolean {
    return this.#phase === 'frozen' || this.#phase === 'closed';
  }
}
