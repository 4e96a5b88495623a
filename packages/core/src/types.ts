import type { ConversationKind, GroupEvent, GroupRole } from '@parley/protocol';

export type { ConversationKind, GroupEvent };
/** A member's standing in a group; every member of a personal conversation is a `member`. */
export type Role = GroupRole;
/** 1 to 2^53 - 1. */
export type UserId = number;
export type ConversationId = number;
/** Position in a conversation: 1, 2, 3 … without a gap (G2). */
export type Seq = number;
/** Unique over all conversations; names a message and is never a cursor. */
export type MessageId = number;
/** Microseconds since the epoch, UTC. */
export type TimeUs = number;
/** One incarnation of a node: changes when its lease is lost. 1 to 32 characters of [A-Za-z0-9_-]. */
export type NodeId = string;
/** What a node can be interested in: a user's inbox (`u:7`) or a group (`g:5`). */
export type Topic = string;

export const userTopic = (userId: UserId): Topic => `u:${userId}`;
export const groupTopic = (conversationId: ConversationId): Topic => `g:${conversationId}`;

export interface User {
  readonly id: UserId;
  readonly name: string;
}

/** A message as stored. */
export interface StoredMessage {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly senderName: string;
  /** As given by the client, or made by the node (G3). */
  readonly clientId: string;
  readonly body: string;
  readonly sentAtUs: TimeUs;
  /** A change of a group and no message: `senderId` made it, and `body` is the JSON text of a `GroupEvent`. */
  readonly isEvent: boolean;
}

/** One user's standing in one conversation, with the conversation's head as of the read. */
export interface Membership {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  /** The other member of a personal conversation; null for a group. */
  readonly peerId: UserId | null;
  /** Highest committed seq; 0 when empty. */
  readonly head: Seq;
  /** Grows with each change of the members. */
  readonly membersVersion: number;
  /** Sees messages with `seq > joinedSeq` … */
  readonly joinedSeq: Seq;
  /** … and `seq <= leftSeq`; null while a member. */
  readonly leftSeq: Seq | null;
  /** Head when the user became a member. What is visible up to here is history: read when asked for, never sent by itself. */
  readonly addedSeq: Seq;
  /** All messages up to here have reached one of the user's connections. */
  readonly deliveredSeq: Seq;
  /** The user has seen everything up to here; single messages above it may have been seen as well. */
  readonly seenSeq: Seq;
  readonly role: Role;
  /** The other member of the personal conversation has blocked this user; false in a group. */
  readonly blocked: boolean;
}
