import type { PageRequest, SummarySelection } from './ports/conversation-reader.ts';
import type { InitRequest } from './ports/conversation-store.ts';
import { type AppendRow, StoreError } from './ports/message-store.ts';

/** Bounds of one call to a store (G8). A call beyond one is refused whole, as a bug of the caller: not committed, not retryable. */
export const STORE_LIMITS = {
  maxAppendRows: 512,
  maxClientIdChars: 64,
  maxDigestChars: 64,
  maxReadRanges: 64,
  maxFirstOfRanges: 256,
  maxHeads: 1_000,
  maxLocate: 1_000,
  maxUsersPerCall: 1_000,
  maxSignInsPerCall: 256,
  maxMembershipUsers: 256,
  maxMembersOfConversations: 256,
  maxMembershipsIn: 1_000,
  maxGroupMembers: 1_000,
  maxGroupAdds: 100,
  maxNameChars: 255,
  maxDescriptionChars: 4_096,
  maxSummaries: 100,
  maxPage: 200,
  maxMembersPage: 1_000,
  maxCursorConversations: 256,
  maxCursorRows: 10_000,
  /** Messages of one member that `cursors` names one by one. */
  maxSeenExactly: 1_000,
  maxUnread: 1_000,
  /** Messages that are looked at to count unread ones. */
  maxUnreadScan: 2_000,
  maxAcquainted: 100,
  maxLastSeen: 1_000,
} as const;

/** The error for a call that no retry can help. */
export const refusal = (message: string): StoreError =>
  new StoreError(message, { outcome: 'not_committed', retryable: false });

export function assertAtMost(what: string, count: number, max: number): void {
  if (count > max) throw refusal(`${what}: ${count}, at most ${max} per call`);
}

export function assertClientId(what: string, clientId: string): void {
  const { length } = clientId;
  if (length === 0 || length > STORE_LIMITS.maxClientIdChars) throw refusal(`${what}: client id of 1 to 64 characters`);
}

/** What every `MessageStore.append` checks before it touches anything. */
export function assertAppendable(batch: readonly AppendRow[]): void {
  if (batch.length === 0) throw refusal('append: no rows');
  assertAtMost('append rows', batch.length, STORE_LIMITS.maxAppendRows);
  for (const row of batch) {
    assertClientId('append', row.clientId);
    if ((row.kind === 'personal') !== (row.recipientId !== null))
      throw refusal('append: a personal message has a recipient, a group message has none');
  }
}

/** What every `ConversationStore.createGroup` checks. */
export function assertGroupMembers(creatorId: number, memberIds: readonly number[]): void {
  assertAtMost('group members', memberIds.length, STORE_LIMITS.maxGroupMembers);
  const distinct = new Set(memberIds);
  if (distinct.size !== memberIds.length) throw refusal('createGroup: members must be distinct');
  if (!distinct.has(creatorId)) throw refusal('createGroup: the creator must be a member');
}

/** Two different users. */
export function assertPair(what: string, a: number, b: number): void {
  if (a === b) throw refusal(`${what}: two different users`);
}

/** What every idempotent init checks: the request is one of those who may make it. */
export function assertRequest(request: InitRequest | undefined, askers: readonly number[]): void {
  if (request === undefined) return;
  assertClientId('init', request.clientId);
  const { length } = request.digest;
  if (length === 0 || length > STORE_LIMITS.maxDigestChars) throw refusal('init: digest of 1 to 64 characters');
  if (!askers.includes(request.userId)) throw refusal('init: the request is of a user who takes part');
}

export function assertSummaries(selection: SummarySelection): void {
  const count = 'ids' in selection ? selection.ids.length : selection.limit;
  assertAtMost('conversations', count, STORE_LIMITS.maxSummaries);
}

export function assertPage({ before, after, limit }: PageRequest): void {
  assertAtMost('messages', limit, STORE_LIMITS.maxPage);
  if (before !== undefined && after !== undefined) throw refusal('page: before or after, not both');
}

export function assertMembersPage(limit: number): void {
  assertAtMost('members', limit, STORE_LIMITS.maxMembersPage);
}

export function assertCursors(conversationIds: readonly number[], maxRows: number): void {
  assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxCursorConversations);
  assertAtMost('cursors', maxRows, STORE_LIMITS.maxCursorRows);
}
