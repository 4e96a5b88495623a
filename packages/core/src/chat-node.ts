import { BusCalm } from './bus/bus-calm.ts';
import { BusListener } from './bus/bus-listener.ts';
import { DoubtfulSends } from './bus/doubtful-sends.ts';
import { introduceGroup } from './bus/group-introduction.ts';
import { Publisher } from './bus/publisher.ts';
import { statusPublication } from './bus/status-publication.ts';
import { TopicInterest } from './bus/topic-interest.ts';
import { ClientIdMaker } from './client-id.ts';
import { Coalescer } from './coalescer.ts';
import { GroupCommit } from './commit/group-commit.ts';
import { type OutgoingSend, publicationOfSend } from './commit/outgoing-send.ts';
import { senderStanding } from './commit/sender-standing.ts';
import { FeedRepair } from './feed/feed-repair.ts';
import { HeadCheck } from './feed/head-check.ts';
import { Hub } from './feed/hub.ts';
import { MembershipLoader } from './feed/membership-loader.ts';
import { TailReader } from './feed/tail-reader.ts';
import { Limiter } from './limiter.ts';
import { NodeDrain } from './node-drain.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Bus } from './ports/bus.ts';
import type { CancelTimer, Clock } from './ports/clock.ts';
import type { AcceptConnection } from './ports/connection.ts';
import type { ConversationReader } from './ports/conversation-reader.ts';
import type { ConversationStore } from './ports/conversation-store.ts';
import type { Directory } from './ports/directory.ts';
import type { GroupStore } from './ports/group-store.ts';
import type { MessageStore } from './ports/message-store.ts';
import type { ReceiptStore } from './ports/receipt-store.ts';
import type { Log, Telemetry } from './ports/telemetry.ts';
import { LastSeen } from './presence/last-seen.ts';
import { PresenceWatch } from './presence/presence-watch.ts';
import { ReceiptWriter } from './receipts/receipt-writer.ts';
import type { NodeServices } from './services.ts';
import { Session } from './session/session.ts';
import { PingScheduler } from './session/watermarks.ts';
import { type ChatNodeSettings, DEFAULT_SETTINGS } from './settings.ts';
import { CursorResets } from './sync/cursor-resets.ts';

export interface ChatNodeDependencies {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly directory: Directory;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
  /** Of the store: changes when the database is put back to an older copy, so that clients' cursors from before mean nothing any more. */
  readonly epoch: string;
  readonly authenticator: Authenticator;
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** 8 or more random characters of [A-Za-z0-9_-], new for each process. */
  readonly bootId: string;
  readonly settings?: Partial<ChatNodeSettings>;
  /** 0 <= x < 1, for the jitter of retries. Default: `Math.random`; tests pass a seeded one. */
  readonly random?: () => number;
}

export interface ChatNodeStatus {
  readonly connections: number;
  readonly signedIn: number;
  readonly users: number;
  readonly feeds: number;
  readonly topics: number;
  readonly queuedRows: number;
  readonly pendingReceipts: number;
  /** Delivered receipts given up at the bound: the messages are delivered again at the next connect. */
  readonly droppedReceipts: number;
  /** Seen receipts given up at the bound: must stay 0. */
  readonly lostReceipts: number;
  readonly pendingAnnouncements: number;
  readonly openGaps: number;
  /** Pairs of a session and a user whose presence it watches. */
  readonly watches: number;
  readonly busUp: boolean;
  readonly draining: boolean;
}

const SWEEP_MS = 100;
const MAX_SIGN_INS_PER_CALL = 256;
const MAX_LOCATED_PER_CALL = 1_000;
/** Reads for clients, and changes of groups, at the same time: sends keep their share of the store. */
const MAX_CONCURRENT_READS = 32;

/**
 * The engine of one node: wires the command path (session, handler, group commit, publisher) and the delivery path (bus, hub, feed, session), which
 * share only the hub. Everything it needs comes in through ports.
 */
export class ChatNode {
  readonly #deps: ChatNodeDependencies;
  readonly #services: NodeServices;
  readonly #sessions = new Set<Session>();
  /** In the order of their acceptance. */
  readonly #awaiting = new Set<Session>();
  readonly #interest: TopicInterest;
  readonly #repair: FeedRepair;
  readonly #headCheck: HeadCheck;
  readonly #tail: TailReader;
  readonly #listener: BusListener;
  readonly #lastSeen: LastSeen;
  readonly #drain: NodeDrain;
  #cancelSweep: CancelTimer | null = null;
  #sweeps = 0;

  constructor(deps: ChatNodeDependencies) {
    this.#deps = deps;
    const { clock, bus, directory, messages, conversations, telemetry, log } = deps;
    const settings: ChatNodeSettings = { ...DEFAULT_SETTINGS, ...deps.settings };
    const random = deps.random ?? Math.random;
    const clientIds = new ClientIdMaker(deps.bootId);
    const pings = new PingScheduler(clock, settings.watermarkPeriodMs);
    const checkAll = (reason: string): void => void this.#headCheck.run(reason);

    const interest = new TopicInterest({
      directory,
      clock,
      log,
      leaveGraceMs: settings.leaveGraceMs,
      onLateJoin: () => checkAll('topics were joined late'),
    });
    const repair = new FeedRepair({
      store: messages,
      clientIds,
      clock,
      telemetry,
      log,
      graceMs: settings.gapGraceMs,
      afterPage: () => pings.flush(),
    });
    const hub = new Hub({
      interest,
      repair,
      telemetry,
      maxHeld: settings.maxHeldPerFeed,
      onJoined: (conversationId, users) => {
        loader.admit(conversationId, users).catch((error: unknown) => {
          log.warn({ err: error, conversationId }, 'a new membership could not be read');
          checkAll('a new membership could not be read');
        });
      },
      onCheckAll: () => checkAll('another node asked for it'),
    });
    const loader: MembershipLoader = new MembershipLoader({ conversations, interest, hub });
    const publisher = new Publisher({
      bus,
      directory,
      clock,
      telemetry,
      log,
      maxPending: settings.maxPendingAnnouncements,
      deliverLocally: (publications, committedAtUs) => this.#listener.deliver(publications, committedAtUs),
    });
    const groupCommit = new GroupCommit<OutgoingSend>({
      store: messages,
      standingOf: (userId, conversationId) => senderStanding(userId, conversationId, { conversations, hub }),
      onCommitted: (sends) => {
        publisher.publish(sends.map(publicationOfSend));
        for (const { row, seq } of sends) {
          if (seq === 1 && row.kind === 'group')
            void introduceGroup(row.conversationId, { conversations, publisher, log });
        }
      },
      clock,
      telemetry,
      log,
      settings: { ...settings, retryForMs: settings.commitRetryForMs },
      random,
    });
    const receipts = new ReceiptWriter({
      store: deps.receipts,
      clock,
      telemetry,
      log,
      settings: {
        personalWindowMs: settings.personalReceiptWindowMs,
        groupWindowMs: settings.groupReceiptWindowMs,
        maxPending: settings.maxPendingReceipts,
        maxBatchRows: settings.maxReceiptBatchRows,
      },
      onChanged: (changes) => publisher.publish(changes.map(statusPublication)),
      random,
    });
    const calm = new BusCalm(clock);
    const { groups, reader, epoch } = deps;
    this.#services = {
      ...{ settings, clock, log, telemetry, messages, conversations, receipts, groupCommit, publisher, hub, loader },
      ...{ pings, clientIds, groups, reader, epoch, random, authenticator: deps.authenticator },
      presence: new PresenceWatch({ directory, reader, calm, clock, telemetry, log, settings }),
      resets: new CursorResets({ clock, telemetry, log }),
      nodeId: () => bus.nodeId,
      readLimiter: new Limiter(MAX_CONCURRENT_READS),
      doubtful: new DoubtfulSends({ messages, publisher, clock, log }),
      signIns: new Coalescer(MAX_SIGN_INS_PER_CALL, (users) => conversations.signInUsers(users)),
      located: new Coalescer(MAX_LOCATED_PER_CALL, async (ids) => {
        const found = await messages.locate([...new Set(ids)]);
        return ids.map((id) => found.get(id));
      }),
      backlogLimiter: new Limiter(settings.maxConcurrentBacklogs),
    };
    this.#interest = interest;
    this.#repair = repair;
    this.#lastSeen = new LastSeen(conversations, clock, log);
    this.#headCheck = new HeadCheck({ hub, loader, conversations, clock, telemetry, log });
    this.#tail = new TailReader({
      ...{ hub, loader, messages, conversations, clock, log },
      periodMs: settings.tailPeriodMs,
      margin: settings.messageIdMargin,
      checkAll: () => checkAll('the tail was longer than one read'),
    });
    this.#listener = new BusListener({
      ...{ hub, interest, publisher, pings, repair, messages, conversations, calm, clock, telemetry, log },
      headCheck: this.#headCheck,
      tail: this.#tail,
      messageIdMargin: settings.messageIdMargin,
    });
    this.#drain = new NodeDrain(this.#sessions, this.#services);
  }

  /** Connects the bus; resolves when this node hears the others. Rejects with a `StoreError` when the store does not answer. */
  async start(): Promise<void> {
    const { bus, clock, messages } = this.#deps;
    this.#listener.noteMessageId(await messages.lastMessageId());
    await bus.start(this.#listener);
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.#sweep());
    const { settings, hub } = this.#services;
    this.#headCheck.startAudit(settings.auditPeriodMs);
    this.#lastSeen.startVisits(() => hub.users(), settings.lastSeenPeriodMs);
  }

  readonly accept: AcceptConnection = (connection) => {
    this.#services.telemetry.connectionOpened();
    const session = new Session(connection, this.#services, (closed, user) => {
      this.#sessions.delete(closed);
      this.#awaiting.delete(closed);
      if (user !== null) this.#lastSeen.touch(user.id);
    });
    this.#sessions.add(session);
    this.#awaiting.add(session);
    if (this.#drain.begun) session.goAway();
    return session;
  };

  /**
   * G10: answers what is in flight, proves what was delivered, closes the sockets with 1012 in batches, writes the receipts. Never rejects; ends after
   * `drainTimeoutMs` at the latest, per step.
   */
  async drain(): Promise<void> {
    await this.#drain.run();
    await this.#lastSeen.flush();
    // Who comes back within the grace, on another node, was never away.
    if (await this.#hasPeers()) await this.#interest.linger();
  }

  /** Stops the timers and gives up the node's entries. After `drain`, or alone to end at once. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#headCheck.stop();
    this.#lastSeen.stop();
    this.#tail.stop();
    this.#repair.stop();
    this.#interest.stop();
    this.#services.doubtful.stop();
    this.#services.receipts.stop();
    this.#services.presence.stop();
    await this.#deps.bus.stop();
  }

  status(): ChatNodeStatus {
    const { hub, groupCommit, receipts, publisher, presence } = this.#services;
    let signedIn = 0;
    for (const session of this.#sessions) if (session.signedIn) signedIn++;
    return {
      connections: this.#sessions.size,
      signedIn,
      users: hub.userCount,
      feeds: hub.feedCount,
      topics: this.#interest.size,
      queuedRows: groupCommit.queuedRows,
      pendingReceipts: receipts.pending,
      droppedReceipts: receipts.droppedDelivered,
      lostReceipts: receipts.lostSeen,
      pendingAnnouncements: publisher.pending,
      openGaps: this.#repair.pending,
      watches: presence.watches,
      busUp: this.#deps.bus.up,
      draining: this.#drain.begun,
    };
  }

  async #hasPeers(): Promise<boolean> {
    const { bus, log } = this.#deps;
    if (!bus.up) return false;
    try {
      return (await bus.nodes()).some((node) => node !== bus.nodeId);
    } catch (error) {
      log.warn({ err: error }, 'the other nodes could not be listed; leaving at once');
      return false;
    }
  }

  #sweep(): void {
    const { pings, clock, settings } = this.#services;
    pings.sweep();
    this.#sweeps++;
    if (this.#sweeps % 10 === 0) this.#interest.sweep();
    if (this.#sweeps % 2 !== 0) return;
    const oldest = clock.nowMs() - settings.signInDeadlineMs;
    // The first that is young enough ends the walk.
    for (const session of this.#awaiting) {
      if (!session.awaitingSignIn) this.#awaiting.delete(session);
      else if (session.acceptedAtMs <= oldest) session.expireSignIn();
      else break;
    }
  }
}
