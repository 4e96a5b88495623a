import type { ConversationStore } from '../ports/conversation-store.ts';
import type { Log } from '../ports/telemetry.ts';
import type { ConversationId } from '../types.ts';
import type { Publisher } from './publisher.ts';

/**
 * Tells the nodes of a group's members about it once more, with its first message: the node that created the group may have died before it could, and a
 * node that does not know of a membership has not joined the group's topic (G4). One read per group, ever. Never rejects.
 */
export async function introduceGroup(
  conversationId: ConversationId,
  deps: {
    readonly conversations: Pick<ConversationStore, 'membersOf'>;
    readonly publisher: Publisher;
    readonly log: Log;
  },
): Promise<void> {
  try {
    const userIds = (await deps.conversations.membersOf([conversationId])).map((row) => row.userId);
    if (userIds.length > 0) deps.publisher.publish([{ type: 'joined', conversationId, userIds }]);
  } catch (error) {
    deps.log.warn(
      { err: error, conversationId },
      'the members of a new group could not be read; telling every node to check',
    );
    deps.publisher.announceCheckAll();
  }
}
