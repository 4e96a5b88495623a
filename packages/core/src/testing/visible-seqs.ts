import type { MemoryState } from '../memory/memory-state.ts';
import type { ConversationId, GroupEvent, Seq, UserId } from '../types.ts';

/**
 * What of a conversation a user may see, from its history alone (G7): whoever is in the group at its beginning sees all, up to and with the event that
 * ends its membership; whoever is added, from that event on. After a second join the time of the first is no longer visible.
 */
export function visibleSeqs(state: MemoryState, conversationId: ConversationId, userId: UserId): Seq[] {
  const conversation = state.conversations.get(conversationId);
  const member = conversation?.members.get(userId);
  if (conversation === undefined || member === undefined) return [];
  const seen: Seq[] = [];
  let inside = !conversation.messages.some((message) => message.isEvent && adds(message.body, userId));
  // In at the beginning also when an earlier event than the first join ends it.
  const firstChange = conversation.messages.find((m) => m.isEvent && (adds(m.body, userId) || ends(m, userId)));
  if (firstChange !== undefined) inside = ends(firstChange, userId);
  for (const message of conversation.messages) {
    if (message.isEvent && adds(message.body, userId)) inside = true;
    if (inside) seen.push(message.seq);
    if (message.isEvent && ends(message, userId)) inside = false;
  }
  return seen;
}

/** What a user may be shown: with the history that the group shows to its members, also of the time before they were (again). */
export function readableSeqs(state: MemoryState, conversationId: ConversationId, userId: UserId): Seq[] {
  const visible = visibleSeqs(state, conversationId, userId);
  const last = visible.at(-1);
  if (last === undefined || state.conversations.get(conversationId)?.history !== true) return visible;
  return Array.from({ length: last }, (_, at) => at + 1);
}

function adds(body: string, userId: UserId): boolean {
  const event = JSON.parse(body) as GroupEvent;
  return event.kind === 'added' && event.user_id.includes(userId);
}

function ends({ body, senderId }: { readonly body: string; readonly senderId: UserId }, userId: UserId): boolean {
  const event = JSON.parse(body) as GroupEvent;
  if (event.kind === 'left') return senderId === userId;
  return event.kind === 'removed' && event.user_id === userId;
}
