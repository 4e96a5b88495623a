import type { ConversationId, Membership, MessageId, User, UserId } from '@parley/core';
import type { EpochChange, MarkThinning, MemberFacts, MessageFacts, SqlStores, ThinnedMarks } from '@parley/store-sql';

/** What operators ask of a store, by `parley user`, `inspect`, `why`, `epoch` and `receipts`. Plain data in and out, so that it can be asked from another process. */
export interface OperatorStore {
  user(userId: UserId): Promise<User | null>;
  /** Creates the user when absent, renames it when named otherwise. */
  ensureUser(userId: UserId, name: string): Promise<User>;
  /** By id, from `afterId`, at most `limit`. */
  listUsers(afterId: UserId, limit: number): Promise<User[]>;
  /** All present memberships of a user, with heads. */
  memberships(userId: UserId): Promise<Membership[]>;
  message(messageId: MessageId): Promise<MessageFacts | null>;
  /** Members, present and past, by user id, at most `limit`. */
  members(conversationId: ConversationId, limit: number): Promise<MemberFacts[]>;
  lastMessageId(): Promise<MessageId>;
  epoch(): Promise<string>;
  renewEpoch(): Promise<EpochChange>;
  /** One part of the table; see `SqlStores`. */
  thinMarks(thinning: MarkThinning): Promise<ThinnedMarks>;
}

export type OperatorCall = keyof OperatorStore;

export const OPERATOR_CALLS: readonly OperatorCall[] = [
  ...(['user', 'ensureUser', 'listUsers', 'memberships'] as const),
  ...(['message', 'members', 'lastMessageId', 'epoch', 'renewEpoch', 'thinMarks'] as const),
];

export function operatorStore(stores: SqlStores): OperatorStore {
  const { conversations, messages, inspector } = stores;
  return {
    user: (userId) => conversations.user(userId),
    ensureUser: (userId, name) => conversations.ensureUser(userId, name),
    listUsers: (afterId, limit) => conversations.listUsers(afterId, limit),
    memberships: (userId) => conversations.membershipsOf([userId]),
    message: (messageId) => inspector.message(messageId),
    members: (conversationId, limit) => inspector.members(conversationId, limit),
    lastMessageId: () => messages.lastMessageId(),
    epoch: () => stores.epoch(),
    renewEpoch: () => stores.renewEpoch(),
    thinMarks: (thinning) => stores.thinMarks(thinning),
  };
}
