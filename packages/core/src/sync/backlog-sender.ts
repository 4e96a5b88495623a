import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { Connection } from '../ports/connection.ts';
import type { NodeServices } from '../services.ts';
import type { CatchUpRange, LocalUser } from '../session/local-user.ts';
import { MAX_BYTES_AT_ONCE } from '../socket-limits.ts';
import type { ConversationId, Seq, StoredMessage } from '../types.ts';
import { storedFrame } from '../wire/message-frame.ts';
import { Backlog, type BacklogEntry } from './backlog.ts';
import type { MissingRanges } from './missing-ranges.ts';
import { type PatientSession, readPatiently } from './patient-read.ts';
import type { SessionSync } from './session-sync.ts';

/** The session that the backlog is sent to. */
export interface BacklogTarget extends PatientSession {
  readonly protocol: 'legacy' | 'current';
  readonly connection: Connection;
  readonly user: LocalUser;
  /** Nothing is missing any more: it goes live, in the same tick. */
  onBacklogThrough(): void;
  /** The session has sent this message itself, and been told so. */
  isOwn(conversationId: ConversationId, seq: Seq): boolean;
  /** The session has this message of somebody else now, as far as it shows it. */
  mark(feed: ConversationFeed, seq: Seq): void;
}

/**
 * For one stay of a session in backlog: sends the answers to its device, then what is missing, oldest first, until nothing is, then what there is to announce
 * of it. All in parts, the next one when the socket has taken the last: what is buffered is bounded (G8), however much is missing.
 */
export class BacklogSender {
  readonly #target: BacklogTarget;
  readonly #missing: MissingRanges;
  /** Null for a legacy session. */
  readonly #sync: SessionSync | null;
  readonly #services: NodeServices;
  /** How far the session has been sent each conversation that it reads. */
  readonly #progress = new Map<ConversationFeed, Seq>();
  #wakeOnDrain: (() => void) | null = null;

  constructor(target: BacklogTarget, missing: MissingRanges, sync: SessionSync | null, services: NodeServices) {
    this.#target = target;
    this.#missing = missing;
    this.#sync = sync;
    this.#services = services;
  }

  /** How far the session has been sent the conversation; undefined when it is not reading it. */
  sent(feed: ConversationFeed): Seq | undefined {
    return this.#progress.get(feed);
  }

  /** The socket has taken everything, or will never. */
  wake(): void {
    const wake = this.#wakeOnDrain;
    this.#wakeOnDrain = null;
    wake?.();
  }

  /** Until the session is live, or has ended. Sends nothing but answers in the tick of the call: what has begun it may have more to say. Never rejects. */
  async run(): Promise<void> {
    const missing = this.#missing;
    if (!(await this.#sendAnswers())) return;
    while (!this.#target.closed) {
      const ranges = missing.take();
      if (ranges.length > 0 && !(await this.#send(ranges))) return;
      if (!missing.none) continue;
      if (this.#sync?.announceSome() !== true) break;
      if (!(await this.#drained())) return;
    }
    if (!this.#target.closed) this.#target.onBacklogThrough();
  }

  /** What is to be said of conversations without news. @returns false when the session ended meanwhile */
  async #sendAnswers(): Promise<boolean> {
    while (this.#sync?.answerSome() === true) {
      if (!(await this.#drained())) return false;
    }
    return true;
  }

  /** @returns false when the session ended meanwhile */
  async #send(ranges: readonly CatchUpRange[]): Promise<boolean> {
    const { messages, settings, backlogLimiter } = this.#services;
    const { backlogPageRows: pageRows, backlogPageBytes: pageBytes } = settings;
    const target = this.#target;
    for (const { feed, afterSeq } of ranges) {
      if (!this.#progress.has(feed)) this.#progress.set(feed, afterSeq);
    }
    const backlog = new Backlog(messages, target.user.id, ranges, { pageRows, pageBytes });
    for (;;) {
      // Whose client has gone while it waited in line reads nothing.
      const read = async (): Promise<BacklogEntry[]> => (target.closed ? [] : backlog.nextPage());
      const page = await readPatiently(() => backlogLimiter.run(read), target, this.#services);
      if (page === null || target.closed) return false;
      if (page.length === 0) break;
      for (let from = 0; from < page.length; ) {
        from = this.#sendPart(page, from);
        if (!(await this.#drained())) return false;
      }
    }
    for (const { feed, uptoSeq } of ranges) this.#progress.set(feed, uptoSeq);
    return true;
  }

  /** Waits until the socket has taken what was sent. @returns false when the session ended meanwhile */
  async #drained(): Promise<boolean> {
    const { connection } = this.#target;
    if (connection.bufferedBytes() > 0) await new Promise<void>((resolve) => (this.#wakeOnDrain = resolve));
    return !this.#target.closed;
  }

  /** Sends as much of the page as a socket takes well. @returns where to go on */
  #sendPart(page: readonly BacklogEntry[], from: number): number {
    const target = this.#target;
    let sent = 0;
    let bytes = 0;
    let at = from;
    for (; at < page.length && bytes < MAX_BYTES_AT_ONCE; at++) {
      const { range, message } = page[at] as BacklogEntry;
      this.#progress.set(range.feed, message.seq);
      // An event is the news also for who caused it: its answer does not say what has changed.
      if (!message.isEvent && this.#isOwn(message)) continue;
      const frame = storedFrame(message, target.protocol);
      if (frame !== null) {
        bytes += Buffer.byteLength(frame);
        target.connection.send(frame);
        this.#sync?.sent(range.feed);
        sent++;
      }
      if (message.senderId !== target.user.id) target.mark(range.feed, message.seq);
    }
    this.#services.telemetry.backlogDelivered(sent);
    this.#services.pings.flush();
    return at;
  }

  #isOwn({ clientId, conversationId, seq }: StoredMessage): boolean {
    if (this.#services.clientIds.sessionOf(clientId) === this.#target.sessionId) return true;
    return this.#target.isOwn(conversationId, seq);
  }
}
