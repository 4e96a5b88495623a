import type {
  ConversationId,
  ConversationKind,
  MessageId,
  Role,
  Seq,
  StoredMessage,
  TimeUs,
  UserId,
} from '../types.ts';

export type MessageStatus = 'sent' | 'delivered' | 'seen';

export interface MemoryMessage {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly recipientId: UserId | null;
  readonly clientId: string;
  readonly body: string;
  readonly sentAtUs: TimeUs;
  readonly isEvent: boolean;
  status: MessageStatus;
  deliveredAtUs: TimeUs | null;
  seenAtUs: TimeUs | null;
}

export interface MemoryMember {
  readonly userId: UserId;
  role: Role;
  /** The other member of the personal conversation has blocked this one. */
  blocked: boolean;
  joinedSeq: Seq;
  /** The head when it became a member, whatever of the time before it may see. */
  addedSeq: Seq;
  leftSeq: Seq | null;
  /** The group as it was when this member left it. */
  departure: { readonly name: string; readonly description: string; readonly members: number } | null;
  deliveredSeq: Seq;
  deliveredAtUs: TimeUs | null;
  seenSeq: Seq;
  seenAtUs: TimeUs | null;
}

export interface MemoryConversation {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  name: string;
  description: string;
  readonly history: boolean;
  membersVersion: number;
  /** The message with seq n is at n - 1, so the head is the length. */
  readonly messages: MemoryMessage[];
  readonly byClientId: Map<string, MemoryMessage>;
  /** What was asked for by each change of the group, by the same key. */
  readonly changeTexts: Map<string, string>;
  readonly members: Map<UserId, MemoryMember>;
}

/** An init that was answered. */
export interface MemoryRequest {
  readonly digest: string;
  readonly conversationId: ConversationId;
  readonly created: boolean;
}

export interface MemoryUser {
  readonly id: UserId;
  name: string;
  lastSeenAtUs: TimeUs | null;
}

/**
 * What the in-memory stores share: the "database". Give one state to the stores of several nodes to let them meet.
 * Nothing is durable, and it holds all that was ever written: meant for logic tests and throw-away nodes.
 */
export class MemoryState {
  readonly users = new Map<UserId, MemoryUser>();
  readonly conversations = new Map<ConversationId, MemoryConversation>();
  /** Personal conversations by `low:high`. */
  readonly byPair = new Map<string, MemoryConversation>();
  /** Inits with a client id, by `user client id`. */
  readonly requests = new Map<string, MemoryRequest>();
  readonly conversationsOf = new Map<UserId, MemoryConversation[]>();
  /** All messages in commit order: the message with id n is at n - 1. */
  readonly messages: MemoryMessage[] = [];

  addConversation(fields: {
    readonly kind: ConversationKind;
    readonly name: string;
    readonly description: string;
    readonly memberIds: readonly UserId[];
    readonly ownerId: UserId | null;
    readonly history: boolean;
  }): MemoryConversation {
    const conversation: MemoryConversation = {
      id: this.conversations.size + 1,
      kind: fields.kind,
      name: fields.name,
      description: fields.description,
      history: fields.history,
      membersVersion: 1,
      messages: [],
      byClientId: new Map(),
      changeTexts: new Map(),
      members: new Map(),
    };
    for (const userId of fields.memberIds)
      this.addMember(conversation, userId, userId === fields.ownerId ? 'owner' : 'member');
    this.conversations.set(conversation.id, conversation);
    return conversation;
  }

  /** As of the conversation's beginning. */
  addMember(conversation: MemoryConversation, userId: UserId, role: Role): MemoryMember {
    const member: MemoryMember = {
      userId,
      role,
      blocked: false,
      joinedSeq: 0,
      addedSeq: 0,
      leftSeq: null,
      departure: null,
      deliveredSeq: 0,
      deliveredAtUs: null,
      seenSeq: 0,
      seenAtUs: null,
    };
    conversation.members.set(userId, member);
    const own = this.conversationsOf.get(userId);
    if (own === undefined) this.conversationsOf.set(userId, [conversation]);
    else own.push(conversation);
    return member;
  }

  append(conversation: MemoryConversation, clientKey: string, message: MemoryMessage): void {
    conversation.messages.push(message);
    conversation.byClientId.set(clientKey, message);
    this.messages.push(message);
  }

  stored(message: MemoryMessage): StoredMessage {
    const { conversationId, kind, seq, messageId, senderId, clientId, body, sentAtUs, isEvent } = message;
    const senderName = this.senderName(senderId);
    return { conversationId, kind, seq, messageId, senderId, senderName, clientId, body, sentAtUs, isEvent };
  }

  senderName(senderId: UserId): string {
    return this.users.get(senderId)?.name ?? `User ${senderId}`;
  }
}
