import {
  type ConversationId,
  type ConversationKind,
  groupTopic,
  type MessageId,
  type Seq,
  type TimeUs,
  type Topic,
  type UserId,
  userTopic,
} from '../types.ts';

/**
 * What one node tells the others, "look now": the store stays the truth. `members` are the two users of a personal conversation, [0, 0] for
 * a group.
 */
export type Publication =
  | MessagePublication
  /** The conversation has messages up to `seq`; whoever has less reads the store. */
  | {
      readonly type: 'head';
      readonly kind: ConversationKind;
      readonly conversationId: ConversationId;
      readonly seq: Seq;
      readonly members: readonly [UserId, UserId];
    }
  /** These users have become members, or have been blocked: their standing is read again. */
  | { readonly type: 'joined'; readonly conversationId: ConversationId; readonly userIds: readonly UserId[] }
  /** Announcements were lost: compare the heads of everything locally interesting. */
  | { readonly type: 'check_all' }
  | StatusPublication
  | TypingPublication;

export interface MessagePublication {
  readonly type: 'message';
  readonly kind: ConversationKind;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly members: readonly [UserId, UserId];
  /** The final bytes that a client of the current protocol gets, built once on the committing node. */
  readonly frame: Uint8Array;
  /** So many bytes of `frame`, closed by a brace, are what a legacy client gets; 0: nothing. See `legacyFrame`. */
  readonly legacyBytes: number;
  /** What an event does to the members, at its place in the order (G7); null for a message. */
  readonly change: MembersChange | null;
  /** The session of this node that sent it and needs no copy; 0 when it is another node's. Not part of the envelope. */
  readonly originSessionId: number;
}

export interface MembersChange {
  /** They have the event and nothing behind it. */
  readonly departed: readonly UserId[];
  readonly joined: readonly UserId[];
  /** After the change; 0 when it is not known here. */
  readonly membersVersion: number;
}

/** A member's cursors have moved, committed. A hint like every publication: whoever misses it learns the present state when it connects. */
export interface StatusPublication {
  readonly type: 'status';
  readonly kind: ConversationKind;
  readonly conversationId: ConversationId;
  readonly members: readonly [UserId, UserId];
  /** Whose cursors. */
  readonly userId: UserId;
  readonly deliveredSeq: Seq;
  /** 0: never. */
  readonly deliveredAtUs: TimeUs;
  readonly seenSeq: Seq;
  /** 0: never. */
  readonly seenAtUs: TimeUs;
  /** The lower of the two cursors' former positions that moved: whoever sent nothing behind it is not concerned. */
  readonly afterSeq: Seq;
  /** Also seen, exactly these (L7). */
  readonly seenIds: readonly MessageId[];
}

/** Somebody writes, or has stopped. Never stored. */
export interface TypingPublication {
  readonly type: 'typing';
  readonly kind: ConversationKind;
  readonly conversationId: ConversationId;
  readonly members: readonly [UserId, UserId];
  readonly userId: UserId;
  readonly active: boolean;
}

const copies = new WeakMap<MessagePublication, MessagePublication>();

/**
 * The publication with bytes of its own, to be kept beyond the tick that brought it: its frame may be a view on a whole envelope. One copy, whoever
 * keeps it.
 */
export function retained(publication: MessagePublication): MessagePublication {
  let copy = copies.get(publication);
  if (copy === undefined) {
    copy = { ...publication, frame: Uint8Array.prototype.slice.call(publication.frame) };
    copies.set(publication, copy);
    copies.set(copy, copy);
  }
  return copy;
}

export const NO_MEMBERS: readonly [UserId, UserId] = [0, 0];

/** A personal conversation has just been opened, by its two users: its nodes need not read what has no messages and no history. @param seq of its last message */
export function newPersonal(conversationId: ConversationId, [a, b]: readonly [UserId, UserId], seq = 0): Publication {
  return { type: 'head', kind: 'personal', conversationId, seq, members: a < b ? [a, b] : [b, a] };
}

/** The topics whose nodes must hear of a publication. */
export function topicsOf(publication: Publication): Topic[] {
  switch (publication.type) {
    case 'message':
    case 'head':
    case 'status':
    case 'typing':
      return publication.kind === 'group'
        ? [groupTopic(publication.conversationId)]
        : [userTopic(publication.members[0]), userTopic(publication.members[1])];
    case 'joined':
      return publication.userIds.map(userTopic);
    case 'check_all':
      return [];
  }
}
