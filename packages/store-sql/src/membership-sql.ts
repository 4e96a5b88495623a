import type { ConversationKind, Membership, Role, UserId } from '@parley/core';
import type { Kysely } from 'kysely';
import type { ChatSchema } from './schema.ts';

export interface MembershipRow {
  readonly user_id: number;
  readonly conversation_id: number;
  readonly joined_seq: number;
  readonly added_seq: number;
  readonly left_seq: number | null;
  readonly delivered_seq: number;
  readonly seen_seq: number;
  readonly role: Role;
  readonly blocked: number;
  readonly kind: ConversationKind;
  readonly pair_key: string | null;
  readonly last_seq: number;
  readonly members_version: number;
}

/** What `toMembership` needs, of `members m` and `conversations c`. */
export const MEMBERSHIP_COLUMNS = [
  'm.user_id',
  'm.conversation_id',
  'm.joined_seq',
  'm.added_seq',
  'm.left_seq',
  'm.delivered_seq',
  'm.seen_seq',
  'm.role',
  'm.blocked',
  'c.kind',
  'c.pair_key',
  'c.last_seq',
  'c.members_version',
] as const;

/** Driven by the members' keys (by user: the primary key; by conversation: an index), with one lookup of a conversation each. */
export const selectMemberships = (db: Kysely<ChatSchema>) =>
  db
    .selectFrom('members as m')
    .innerJoin('conversations as c', 'c.id', 'm.conversation_id')
    .select([...MEMBERSHIP_COLUMNS]);

export const toMembership = (row: MembershipRow): Membership => ({
  userId: row.user_id,
  conversationId: row.conversation_id,
  kind: row.kind,
  peerId: row.pair_key === null ? null : peerOf(row.pair_key, row.user_id),
  head: row.last_seq,
  membersVersion: row.members_version,
  joinedSeq: row.joined_seq,
  addedSeq: row.added_seq,
  leftSeq: row.left_seq,
  deliveredSeq: row.delivered_seq,
  seenSeq: row.seen_seq,
  role: row.role,
  blocked: row.blocked === 1,
});

export const pairKeyOf = (a: UserId, b: UserId): string => `${Math.min(a, b)}:${Math.max(a, b)}`;

/** The other one of a pair. */
export function peerOf(pairKey: string, userId: UserId): UserId {
  const colon = pairKey.indexOf(':');
  const low = Number(pairKey.slice(0, colon));
  return low === userId ? Number(pairKey.slice(colon + 1)) : low;
}
