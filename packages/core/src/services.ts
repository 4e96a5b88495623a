import type { DoubtfulSends } from './bus/doubtful-sends.ts';
import type { Publisher } from './bus/publisher.ts';
import type { ClientIdMaker } from './client-id.ts';
import type { Coalescer } from './coalescer.ts';
import type { GroupCommit } from './commit/group-commit.ts';
import type { OutgoingSend } from './commit/outgoing-send.ts';
import type { Hub } from './feed/hub.ts';
import type { MembershipLoader } from './feed/membership-loader.ts';
import type { Limiter } from './limiter.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Clock } from './ports/clock.ts';
import type { ConversationReader } from './ports/conversation-reader.ts';
import type { ConversationStore, SignInUser } from './ports/conversation-store.ts';
import type { GroupStore } from './ports/group-store.ts';
import type { LocatedMessage, MessageStore } from './ports/message-store.ts';
import type { Log, Telemetry } from './ports/telemetry.ts';
import type { PresenceWatch } from './presence/presence-watch.ts';
import type { ReceiptWriter } from './receipts/receipt-writer.ts';
import type { PingScheduler } from './session/watermarks.ts';
import type { ChatNodeSettings } from './settings.ts';
import type { CursorResets } from './sync/cursor-resets.ts';
import type { MessageId, NodeId, User } from './types.ts';

/** What the sessions and handlers of one node share. Made once by `wireNode`. */
export interface NodeServices {
  readonly settings: ChatNodeSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly authenticator: Authenticator;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptWriter;
  readonly groupCommit: GroupCommit<OutgoingSend>;
  readonly publisher: Publisher;
  readonly doubtful: DoubtfulSends;
  readonly hub: Hub;
  readonly loader: MembershipLoader;
  readonly signIns: Coalescer<SignInUser, User>;
  /** Everybody in a large group says `seen` at the same time: a few reads, not one for each frame. */
  readonly located: Coalescer<MessageId, LocatedMessage | undefined>;
  readonly pings: PingScheduler;
  /** Sessions that read their backlog at the same time. */
  readonly backlogLimiter: Limiter;
  readonly clientIds: ClientIdMaker;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
  readonly presence: PresenceWatch;
  readonly resets: CursorResets;
  /** Reads that clients ask for, and changes of groups: sends keep their share of the store. */
  readonly readLimiter: Limiter;
  /** Of the store: cursors of another one mean nothing here. */
  readonly epoch: string;
  /** This node's present incarnation. */
  readonly nodeId: () => NodeId;
  /** 0 <= x < 1. */
  readonly random: () => number;
}
