import type { Hub } from '../feed/hub.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { ConversationId, UserId } from '../types.ts';
import type { Standing } from './refresh-versions.ts';

/**
 * Whether the user may write to the conversation now, from the primary; what this node believes of it is brought up to date by the way. Rejects with a
 * `StoreError`.
 */
export async function senderStanding(
  userId: UserId,
  conversationId: ConversationId,
  { conversations, hub }: { readonly conversations: Pick<ConversationStore, 'membership'>; readonly hub: Hub },
): Promise<Standing> {
  const membership = await conversations.membership(userId, conversationId);
  if (membership === null || membership.leftSeq !== null) return 'not_a_member';
  const user = hub.user(userId);
  user?.noteBlock(membership);
  if (membership.blocked) return 'blocked';
  const feed = hub.feed(conversationId);
  feed?.verify(userId, membership.membersVersion);
  return membership.membersVersion;
}
