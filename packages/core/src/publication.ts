import {
  type ConversationId,
  type ConversationKind,
  groupTopic,
  type MessageId,
  type Seq,
  type Topic,
  type UserId,
  userTopic,
} from './types.ts';

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
  /** These users have become members of the group. */
  | { readonly type: 'joined'; readonly conversationId: ConversationId; readonly userIds: readonly UserId[] }
  /** Announcements were lost: compare the heads of everything locally interesting. */
  | { readonly type: 'check_all' };

export interface MessagePublication {
  readonly type: 'message';
  readonly kind: ConversationKind;
  readonly conversationId: ConversationId;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly senderId: UserId;
  readonly members: readonly [UserId, UserId];
  /** The final bytes that a client gets, built once on the committing node. */
  readonly frame: Uint8Array;
  /** The session of this node that sent it and needs no copy; 0 when it is another node's. Not part of the envelope. */
  readonly originSessionId: number;
}

const copies = new WeakMap<MessagePublication, MessagePublication>();

/**
 * The publication with bytes of its own, to be kept beyond the call that brought it: its frame may be a view on a network buffer. One copy, whoever keeps
 * it.
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

/** The topics whose nodes must hear of a publication. */
export function topicsOf(publication: Publication): Topic[] {
  switch (publication.type) {
    case 'message':
    case 'head':
      return publication.kind === 'group'
        ? [groupTopic(publication.conversationId)]
        : [userTopic(publication.members[0]), userTopic(publication.members[1])];
    case 'joined':
      return publication.userIds.map(userTopic);
    case 'check_all':
      return [];
  }
}
