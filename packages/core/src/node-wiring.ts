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
import { GroupHints } from './feed/group-hints.ts';
import { HeadCheck } from './feed/head-check.ts';
import { Hub } from './feed/hub.ts';
import { MembershipLoader } from './feed/membership-loader.ts';
import { MembershipReader } from './feed/membership-reader.ts';
import { RestlessMembers } from './feed/restless-members.ts';
import { TailReader } from './feed/tail-reader.ts';
import { Limiter } from './limiter.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
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
import type { LocalUser } from './session/local-user.ts';
import { PingScheduler } from './session/watermarks.ts';
import { type ChatNodeSettings, DEFAULT_SETTINGS } from './settings.ts';
import { CursorResets } from './sync/cursor-resets.ts';
import type { ConversationId } from './types.ts';

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

/** The parts of a node that it starts and stops; the rest is in `services`. */
export interface NodeParts {
  readonly services: NodeServices;
  readonly interest: TopicInterest;
  readonly repair: FeedRepair;
  readonly headCheck: HeadCheck;
  readonly tail: TailReader;
  readonly listener: BusListener;
  readonly lastSeen: LastSeen;
  readonly restless: RestlessMembers;
}

const MAX_SIGN_INS_PER_CALL = 256;
const MAX_LOCATED_PER_CALL = 1_000;
/** Reads for clients, and changes of groups, at the same time: sends keep their share of the store. */
const MAX_CONCURRENT_READS = 32;

/**
 * Makes the command path (session, handler, group commit, publisher) and the delivery path (bus, hub, feed, session) of one node, which share only the
 * hub. Starts nothing.
 */
export function wireNode(deps: ChatNodeDependencies): NodeParts {
  const { clock, bus, directory, messages, conversations, telemetry, log } = deps;
  const settings: ChatNodeSettings = { ...DEFAULT_SETTINGS, ...deps.settings };
  const random = deps.random ?? Math.random;
  const clientIds = new ClientIdMaker(deps.bootId);
  const pings = new PingScheduler(clock, settings.watermarkPeriodMs);
  const checkAll = (reason: string): void => void headCheck.run(reason);

  const interest = new TopicInterest({
    directory,
    clock,
    log,
    leaveGraceMs: settings.leaveGraceMs,
    onLateJoin: () => checkAll('topics were joined late'),
  });
  const repair = new FeedRepair({
    store: messages,
    // A client's own id says nothing of its session: but one that is being answered is known.
    originOf: (message) => {
      const made = clientIds.sessionOf(message.clientId);
      if (made !== 0) return made;
      const send = groupCommit.find(message);
      send?.wasRead(message);
      return send?.originSessionId ?? 0;
    },
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
    onJoined: (conversationId, users) => void admit(conversationId, users),
    onCheckAll: () => checkAll('another node asked for it'),
  });
  const loader: MembershipLoader = new MembershipLoader({
    ...{ interest, hub, reader: new MembershipReader(conversations) },
    hints: new GroupHints(clock),
    onUnsettled: (rows) => restless.note(rows),
  });
  const admit = (conversationId: ConversationId, users: readonly LocalUser[]): Promise<unknown> =>
    loader.admitJoined(conversationId, users).catch((error: unknown) => {
      log.warn({ err: error, conversationId }, 'a new membership could not be read');
      checkAll('a new membership could not be read');
    });
  const restless = new RestlessMembers({
    clock,
    admit: (conversationId, userIds) => {
      const users = userIds.map((userId) => hub.user(userId)).filter((user) => user !== undefined);
      return users.length === 0 ? Promise.resolve() : admit(conversationId, users);
    },
    checkAll: () => checkAll('the members of too many groups change too fast'),
  });
  const publisher = new Publisher({
    bus,
    directory,
    clock,
    telemetry,
    log,
    maxPending: settings.maxPendingAnnouncements,
    deliverLocally: (publications, committedAtUs) => listener.deliver(publications, committedAtUs),
  });
  const groupCommit: GroupCommit<OutgoingSend> = new GroupCommit<OutgoingSend>({
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
  const services: NodeServices = {
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
  const lastSeen = new LastSeen(conversations, clock, log);
  const headCheck = new HeadCheck({ hub, loader, conversations, clock, telemetry, log });
  const tail = new TailReader({
    ...{ hub, loader, messages, conversations, clock, log },
    periodMs: settings.tailPeriodMs,
    margin: settings.messageIdMargin,
    checkAll: () => checkAll('the tail was longer than one read'),
  });
  const listener = new BusListener({
    ...{ hub, interest, publisher, pings, repair, messages, conversations, calm, clock, telemetry, log },
    headCheck,
    tail,
    messageIdMargin: settings.messageIdMargin,
  });
  return { services, interest, repair, headCheck, tail, listener, lastSeen, restless };
}
