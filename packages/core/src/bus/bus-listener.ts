import type { FeedRepair } from '../feed/feed-repair.ts';
import type { HeadCheck } from '../feed/head-check.ts';
import type { Hub } from '../feed/hub.ts';
import type { TailReader } from '../feed/tail-reader.ts';
import type { BusEvents } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { PingScheduler } from '../session/watermarks.ts';
import type { ConversationId, MessageId, NodeId, TimeUs, UserId } from '../types.ts';
import type { BusCalm } from './bus-calm.ts';
import { unpackEnvelope } from './envelope.ts';
import { NO_MEMBERS, type Publication } from './publication.ts';
import type { Publisher } from './publisher.ts';
import type { TopicInterest } from './topic-interest.ts';

const MAX_DEAD_HEADS = 10_000;
const MEMBERS_PAGE = 256;
const DEAD_RETRY_MS = 1_000;
const ANNOUNCE_PAGE = 500;

interface BusListenerDependencies {
  readonly calm: BusCalm;
  readonly hub: Hub;
  readonly interest: TopicInterest;
  readonly headCheck: HeadCheck;
  readonly tail: TailReader;
  readonly publisher: Publisher;
  readonly pings: PingScheduler;
  readonly repair: FeedRepair;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly messageIdMargin: number;
}

/** What this node does about each thing its bus tells it: the table of losses and repairs of the design, section 3. */
export class BusListener implements BusEvents {
  readonly #deps: BusListenerDependencies;
  #lastMessageId: MessageId = 0;

  constructor(deps: BusListenerDependencies) {
    this.#deps = deps;
  }

  lastMessageId(): MessageId {
    return this.#lastMessageId;
  }

  noteMessageId(messageId: MessageId): void {
    if (messageId > this.#lastMessageId) this.#lastMessageId = messageId;
  }

  onEnvelope(bytes: Uint8Array): void {
    // The frames in it wait for the write at the end of the tick, and the bus may use its bytes again.
    const envelope = unpackEnvelope(Buffer.from(bytes));
    if (envelope === null) {
      this.onLoss('an envelope could not be read: are nodes of different versions running?');
      return;
    }
    this.#deps.telemetry.envelopeReceived(envelope.publications.length);
    this.#deps.repair.noteLatency(Math.max(0, this.#deps.clock.nowUs() - envelope.committedAtUs) / 1_000);
    this.deliver(envelope.publications, envelope.committedAtUs);
  }

  /** To the sockets of this node, within this tick: the one way down for publications of every node, this one included. */
  readonly deliver = (publications: readonly Publication[], committedAtUs: TimeUs): void => {
    const { hub, pings, telemetry, clock } = this.#deps;
    for (const publication of publications) {
      if (publication.type === 'message') this.noteMessageId(publication.messageId);
    }
    hub.receive(publications);
    pings.flush();
    telemetry.deliveryLatency(Math.max(0, clock.nowUs() - committedAtUs) / 1_000);
  };

  onLoss(reason: string): void {
    this.#deps.telemetry.busLoss(reason);
    void this.#deps.headCheck.run(reason);
  }

  async onRejoin(reason: string): Promise<void> {
    this.#deps.telemetry.busLoss(reason);
    this.#deps.calm.lost();
    // Join, then read: the check must begin after the topics are joined.
    await this.#deps.interest.rejoin();
    this.#deps.calm.joined();
    this.#deps.tail.stop();
    void this.#deps.headCheck.run(reason);
  }

  onDown(reason: string): void {
    this.#deps.calm.lost();
    this.#deps.log.warn({ reason }, 'the bus is down; reading the tail of the store until it is back');
    this.#deps.tail.start(this.#lastMessageId);
  }

  onNodeDead(nodeId: NodeId, lastMessageId: MessageId): void {
    this.#deps.telemetry.nodeDied();
    void this.#announceFor(nodeId, lastMessageId);
  }

  /** A node died between commit and publish, perhaps: announces what was committed since it was last heard of. */
  async #announceFor(nodeId: NodeId, lastMessageId: MessageId): Promise<void> {
    const { messages, publisher, clock, log, messageIdMargin } = this.#deps;
    log.warn({ nodeId, lastMessageId }, 'a node died; announcing what was committed since its last renewal');
    for (let attempt = 0; attempt < 30; attempt++) {
      try {
        const mark = Math.max(0, lastMessageId - messageIdMargin);
        const { heads, truncated } = await messages.headsSince(mark, MAX_DEAD_HEADS);
        if (truncated || lastMessageId === 0) {
          publisher.announceCheckAll();
          return;
        }
        // A group's nodes hear of its head; those of users who were added to it meanwhile are not among them.
        const asked = heads.filter(({ kind, changed }) => kind === 'personal' || changed);
        const members = await this.#membersOf(asked.map((head) => head.conversationId));
        const publications = heads.map(({ conversationId, kind, seq }): Publication => {
          const [a = 0, b = 0] = members.get(conversationId) ?? [];
          return { type: 'head', kind, conversationId, seq, members: kind === 'group' ? NO_MEMBERS : [a, b] };
        });
        for (const { kind, conversationId } of asked) {
          const userIds = members.get(conversationId) ?? [];
          if (kind === 'group') publications.push({ type: 'joined', conversationId, userIds });
        }
        for (let at = 0; at < publications.length; at += ANNOUNCE_PAGE) {
          publisher.publish(publications.slice(at, at + ANNOUNCE_PAGE));
        }
        return;
      } catch (error) {
        log.warn({ err: error, nodeId }, 'the dead node’s heads could not be read; trying again');
        await new Promise<void>((resolve) => clock.after(DEAD_RETRY_MS, resolve));
      }
    }
    publisher.announceCheckAll();
  }

  /** Present members by id, of each conversation. */
  async #membersOf(conversationIds: readonly ConversationId[]): Promise<Map<ConversationId, UserId[]>> {
    const members = new Map<ConversationId, UserId[]>();
    for (let at = 0; at < conversationIds.length; at += MEMBERS_PAGE) {
      const rows = await this.#deps.conversations.membersOf(conversationIds.slice(at, at + MEMBERS_PAGE));
      for (const { conversationId, userId } of rows) {
        const known = members.get(conversationId);
        if (known === undefined) members.set(conversationId, [userId]);
        else known.push(userId);
      }
    }
    for (const userIds of members.values()) userIds.sort((a, b) => a - b);
    return members;
  }
}
