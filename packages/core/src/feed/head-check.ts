import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { ConversationId, Membership, Seq, UserId } from '../types.ts';
import type { Hub } from './hub.ts';
import type { MembershipLoader } from './membership-loader.ts';

const USERS_PER_READ = 256;
const RETRY_MS = 500;
/** A publication may still be on its way; only what is missing after this long counts as found by the audit. */
const AUDIT_GRACE_MS = 2_000;
const WARN_EVERY_MS = 60_000;

/**
 * Compares what this node's users should have with the store: heads of all their conversations, and memberships that no publication has brought. Runs
 * whenever the bus says that something may be lost, and, slowly, all the time as an audit whose finds are counted and must stay 0. The audit also
 * notices a store that has less than this node has delivered: a failover has lost commits, or an older copy was put in its place.
 * One check at a time, one read of 256 users at a time; a request during a check makes it start over once.
 */
export class HeadCheck {
  readonly #hub: Hub;
  readonly #loader: MembershipLoader;
  readonly #conversations: Pick<ConversationStore, 'membershipsOf'>;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #log: Log;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #auditQueue: UserId[] = [];
  #cancelAudit: CancelTimer | null = null;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: {
    hub: Hub;
    loader: MembershipLoader;
    conversations: Pick<ConversationStore, 'membershipsOf'>;
    clock: Clock;
    telemetry: Telemetry;
    log: Log;
  }) {
    this.#hub = deps.hub;
    this.#loader = deps.loader;
    this.#conversations = deps.conversations;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#log = deps.log;
  }

  /** Checks everything from now on; resolves when a check that began after this call is through. Never rejects; gives up only on `stop`. */
  run(reason: string): Promise<void> {
    this.#log.info({ reason, users: this.#hub.userCount }, 'head check');
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#loop().finally(() => {
      this.#running = null;
      // Asked for after the loop had looked for the last time.
      if (this.#again && !this.#stopped) return this.run(reason);
      return undefined;
    });
    return this.#running;
  }

  /** Starts the audit: every user is visited about once per `periodMs`. */
  startAudit(periodMs: number): void {
    const visit = (): void => {
      if (this.#auditQueue.length === 0) this.#auditQueue = [...this.#hub.users()].map((user) => user.id);
      const users = this.#auditQueue.splice(-USERS_PER_READ);
      const visits = Math.max(1, Math.ceil(this.#hub.userCount / USERS_PER_READ));
      this.#cancelAudit = this.#clock.after(Math.max(50, periodMs / visits), visit);
      if (users.length > 0 && this.#running === null) void this.#audit(users);
    };
    this.#cancelAudit = this.#clock.after(periodMs, visit);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelAudit?.();
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false;
      const users = [...this.#hub.users()].map((user) => user.id);
      for (let at = 0; at < users.length && !this.#stopped; at += USERS_PER_READ) {
        await this.#checkPage(users.slice(at, at + USERS_PER_READ));
      }
    } while (this.#again && !this.#stopped);
  }

  async #checkPage(users: readonly UserId[]): Promise<void> {
    while (!this.#stopped) {
      try {
        const mark = this.#loader.mark();
        const rows = await this.#conversations.membershipsOf(users);
        this.#note(rows);
        await this.#loader.attachNew(rows, mark);
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'head check failed; trying again');
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
      }
    }
  }

  #note(rows: readonly Membership[]): void {
    for (const row of rows) {
      const feed = this.#hub.feed(row.conversationId);
      if (feed !== undefined) this.#hub.noteHead(feed, row.head);
    }
  }

  async #audit(users: readonly UserId[]): Promise<void> {
    try {
      const mark = this.#loader.mark();
      const rows = await this.#conversations.membershipsOf(users);
      await this.#lookForLoss(rows);
      if (!rows.some((row) => this.#missing(row))) return;
      await new Promise<void>((resolve) => this.#clock.after(AUDIT_GRACE_MS, resolve));
      const found = rows.filter((row) => this.#missing(row));
      if (found.length === 0 || this.#stopped) return;
      this.#telemetry.auditFound(found.length);
      const conversations = found.slice(0, 20).map((row) => row.conversationId);
      this.#log.error({ found: found.length, conversations }, 'the audit found messages that no other check had seen');
      this.#note(found);
      await this.#loader.attachNew(found, mark);
    } catch (error) {
      this.#log.warn({ err: error }, 'audit read failed; the next visit goes on');
    }
  }

  /** Read twice, since a feed goes on while its head is read: what was delivered before a read began is in a store that has lost nothing. */
  async #lookForLoss(rows: readonly Membership[]): Promise<void> {
    const positions = new Map<ConversationId, Seq>();
    const users = new Set<UserId>();
    for (const { conversationId, userId, head } of rows) {
      const position = this.#hub.feed(conversationId)?.position ?? 0;
      if (position <= head) continue;
      positions.set(conversationId, position);
      users.add(userId);
    }
    if (users.size === 0) return;
    const again = await this.#conversations.membershipsOf([...users]);
    const behind = again.filter((row) => row.head < (positions.get(row.conversationId) ?? 0));
    const conversations = [...new Set(behind.map((row) => row.conversationId))];
    if (conversations.length === 0) return;
    this.#telemetry.storeBehind(conversations.length);
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    this.#log.error(
      { found: conversations.length, conversations: conversations.slice(0, 20) },
      'this database has less than was delivered: has it lost commits? run npx parley epoch renew and restart every node',
    );
  }

  /** Whether a user of this node lacks the conversation, or its feed is behind and nothing is on the way to change that. */
  #missing(row: Membership): boolean {
    const user = this.#hub.user(row.userId);
    if (user === undefined || user.recipients.every((recipient) => recipient.loading)) return false;
    const feed = user.feeds.get(row.conversationId);
    if (feed === undefined) return row.kind === 'group' || row.head > 0;
    return feed.started && !feed.hasGap && feed.position < row.head;
  }
}
