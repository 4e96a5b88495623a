import { encodeMessage } from '@parley/protocol';
import { Backlog, type BacklogEntry } from './backlog.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { CatchUpRange, LocalUser, Recipient } from './local-user.ts';
import type { Connection } from './ports/connection.ts';
import { type MessagePublication, retained } from './publication.ts';
import type { NodeServices } from './services.ts';
import type { Seq } from './types.ts';
import { Watermark } from './watermarks.ts';

/**
 * `loading`: memberships are being read. `backlog`: pending messages are. Live frames wait in the tail in both. `frozen`: nothing more is sent, what was
 * sent can still be proven.
 */
type Phase = 'loading' | 'backlog' | 'live' | 'frozen' | 'closed';

/** The session that a delivery belongs to. */
export interface DeliveryOwner {
  /** The memberships are read: from here on nothing that is committed is missed. */
  onLoaded(): void;
  /** The store went on failing: the session must end, the client comes back. */
  onLoadFailed(): void;
}

const LOAD_RETRY_MS = 200;
const LOAD_RETRY_FOR_MS = 10_000;

/**
 * The way down for one connection: loading, backlog, then live, spliced by seq, so that each conversation arrives in order, once (G4, G5).
 *
 * While loading or in backlog, live frames wait in the tail, which is bounded: past the bound it is dropped, and what was dropped is read from the
 * store like any backlog (`#missed` remembers from where). A page of backlog waits until the socket has taken the one before.
 */
export class SessionDelivery implements Recipient {
  readonly sessionId: number;
  readonly connection: Connection;
  readonly watermark = new Watermark();
  readonly user: LocalUser;
  readonly #services: NodeServices;
  readonly #owner: DeliveryOwner;
  #phase: Phase = 'loading';
  #queued: CatchUpRange[] = [];
  #tail: { readonly feed: ConversationFeed; readonly publication: MessagePublication }[] = [];
  #tailBytes = 0;
  /** Set when the tail was dropped: per feed, the last seq that came before the drop. */
  #missed: Map<ConversationFeed, Seq> | null = null;
  #wakeOnDrain: (() => void) | null = null;

  constructor(deps: {
    sessionId: number;
    connection: Connection;
    user: LocalUser;
    services: NodeServices;
    owner: DeliveryOwner;
  }) {
    this.sessionId = deps.sessionId;
    this.connection = deps.connection;
    this.user = deps.user;
    this.#services = deps.services;
    this.#owner = deps.owner;
  }

  get loading(): boolean {
    return this.#phase === 'loading';
  }

  /** Reads memberships and backlog, then goes live. Never rejects. */
  async start(): Promise<void> {
    const ranges = await this.#retrying(() => this.#services.loader.load(this.user));
    if (ranges === null || this.#ended) return;
    const listed = new Set(ranges.map((range) => range.feed));
    // In one tick with the end of `loading`: a publication finds either a session that awaits its conversation, or one that takes it.
    for (const feed of this.#services.hub.youngFeeds(this.user)) {
      if (!listed.has(feed)) ranges.push({ feed, afterSeq: 0, uptoSeq: feed.position, includeOwn: true });
    }
    // What came to all sessions of the user meanwhile stands back behind what this session has read.
    this.#queued = [...this.#queued.filter((range) => !listed.has(range.feed)), ...ranges];
    this.#phase = 'backlog';
    this.#owner.onLoaded();
    await this.#runBacklog();
  }

  deliver(feed: ConversationFeed, publication: MessagePublication): void {
    if (this.#ended) return;
    if (this.#phase === 'live') this.#sendLive(feed, publication);
    else this.#keep(feed, publication);
  }

  catchUp(ranges: readonly CatchUpRange[]): void {
    if (this.#ended) return;
    this.#queued.push(...ranges);
    if (this.#phase !== 'live') return;
    this.#phase = 'backlog';
    void this.#runBacklog();
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
    const wake = this.#wakeOnDrain;
    this.#wakeOnDrain = null;
    wake?.();
  }

  /** Ends delivery; what is not sent stays pending. */
  freeze(): void {
    if (this.#ended) return;
    this.#phase = 'frozen';
    this.#tail = [];
    this.#queued = [];
    this.#services.pings.remove(this);
    const wake = this.#wakeOnDrain;
    this.#wakeOnDrain = null;
    wake?.();
  }

  close(): void {
    this.freeze();
    this.#phase = 'closed';
  }

  #sendLive(feed: ConversationFeed, publication: MessagePublication): void {
    this.connection.send(publication.frame);
    if (publication.senderId !== this.user.id) this.#mark(feed, publication.seq);
  }

  #mark(feed: ConversationFeed, seq: Seq): void {
    this.watermark.mark(feed, seq);
    if (this.watermark.wantsPing) this.#services.pings.request(this);
  }

  #keep(feed: ConversationFeed, publication: MessagePublication): void {
    const { maxTailFrames, maxTailBytes } = this.#services.settings;
    const bytes = publication.frame.byteLength;
    if (this.#missed === null && this.#tail.length < maxTailFrames && this.#tailBytes + bytes <= maxTailBytes) {
      this.#tail.push({ feed, publication: retained(publication) });
      this.#tailBytes += bytes;
      return;
    }
    const missed = this.#missed ?? new Map<ConversationFeed, Seq>();
    for (const kept of this.#tail) if (!missed.has(kept.feed)) missed.set(kept.feed, kept.publication.seq - 1);
    if (!missed.has(feed)) missed.set(feed, publication.seq - 1);
    this.#missed = missed;
    this.#tail = [];
    this.#tailBytes = 0;
  }

  async #runBacklog(): Promise<void> {
    /** How far this session has read each conversation. */
    const read = new Map<ConversationFeed, Seq>();
    while (this.#phase === 'backlog') {
      for (const [feed, seq] of this.#missed ?? []) {
        const afterSeq = Math.max(seq, read.get(feed) ?? 0);
        if (feed.position > afterSeq) this.#queued.push({ feed, afterSeq, uptoSeq: feed.position, includeOwn: true });
      }
      this.#missed = null;
      const ranges = merge(this.#queued).filter((range) => range.uptoSeq > range.afterSeq);
      this.#queued = [];
      if (ranges.length > 0 && !(await this.#sendBacklog(ranges))) return;
      for (const { feed, uptoSeq } of ranges) read.set(feed, Math.max(uptoSeq, read.get(feed) ?? 0));
      if (this.#missed === null && this.#queued.length === 0) break;
    }
    if (this.#phase !== 'backlog') return;
    // Also moves the cursors past messages of the user's own, which are pending for nobody.
    for (const [feed, seq] of read) this.#mark(feed, seq);
    this.#phase = 'live';
    const tail = this.#tail;
    this.#tail = [];
    this.#tailBytes = 0;
    for (const { feed, publication } of tail) {
      if (publication.seq > (read.get(feed) ?? 0)) this.#sendLive(feed, publication);
    }
    this.#services.pings.flush();
  }

  /** @returns false when the session ended meanwhile */
  async #sendBacklog(ranges: readonly CatchUpRange[]): Promise<boolean> {
    const { backlogPageRows: pageRows, backlogPageBytes: pageBytes } = this.#services.settings;
    const backlog = new Backlog(this.#services.messages, this.user.id, ranges, { pageRows, pageBytes });
    for (;;) {
      // Whose client has gone while it waited in line reads nothing.
      const read = async (): Promise<BacklogEntry[]> => (this.#ended ? [] : backlog.nextPage());
      const page = await this.#retrying(() => this.#services.backlogLimiter.run(read));
      if (page === null || this.#ended) return false;
      if (page.length === 0) return true;
      this.#sendPage(page);
      if (this.connection.bufferedBytes() > 0) await new Promise<void>((resolve) => (this.#wakeOnDrain = resolve));
      if (this.#ended) return false;
    }
  }

  #sendPage(page: readonly BacklogEntry[]): void {
    let sent = 0;
    for (const { range, message } of page) {
      if (this.#services.clientIds.sessionOf(message.clientId) === this.sessionId) continue;
      this.connection.send(encodeMessage(message));
      sent++;
      if (message.senderId !== this.user.id) this.#mark(range.feed, message.seq);
    }
    this.#services.telemetry.backlogDelivered(sent);
    this.#services.pings.flush();
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

/** One range for each feed: ranges of one feed that are queued together overlap or touch. */
function merge(ranges: readonly CatchUpRange[]): CatchUpRange[] {
  const merged = new Map<ConversationFeed, CatchUpRange>();
  for (const range of ranges) {
    const other = merged.get(range.feed);
    if (other === undefined) merged.set(range.feed, range);
    else {
      merged.set(range.feed, {
        feed: range.feed,
        afterSeq: Math.min(range.afterSeq, other.afterSeq),
        uptoSeq: Math.max(range.uptoSeq, other.uptoSeq),
        includeOwn: range.includeOwn || other.includeOwn,
      });
    }
  }
  return [...merged.values()];
}
