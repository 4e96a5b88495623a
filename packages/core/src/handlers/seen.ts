import type { NodeServices } from '../services.ts';
import type { ConversationId, MessageId, Seq } from '../types.ts';
import { OK, type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

/** Of one frame, at the same time: a long list takes turns with the others'. */
const LOCATE_PAGE = 1_000;

/**
 * L7, L10: the caller has seen these messages. All or nothing: one id that is unknown, or of a conversation that the caller is not in, refuses the
 * list. The caller's own messages are passed over.
 */
export async function handleSeen(
  frame: { readonly messageIds: readonly MessageId[] },
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  const ids = [...new Set(frame.messageIds)];
  const personal = new Map<ConversationId, Seq[]>();
  const group = new Map<ConversationId, Seq>();
  const conversations = new Set<ConversationId>();
  for (let at = 0; at < ids.length; at += LOCATE_PAGE) {
    const page = ids.slice(at, at + LOCATE_PAGE);
    for (const message of await Promise.all(page.map((id) => services.located.ask(id)))) {
      if (message === undefined) return refusal('unknown_message');
      const { conversationId, kind, seq, senderId } = message;
      conversations.add(conversationId);
      if (senderId === caller.user.id) continue;
      if (kind === 'group') group.set(conversationId, Math.max(seq, group.get(conversationId) ?? 0));
      else {
        const seqs = personal.get(conversationId);
        if (seqs === undefined) personal.set(conversationId, [seq]);
        else seqs.push(seq);
      }
    }
  }
  for (const conversationId of conversations) {
    if (!(await isMember(conversationId, caller, services))) return refusal('unknown_message');
  }
  for (const [conversationId, seqs] of personal) services.receipts.seen(caller.user.id, conversationId, seqs);
  for (const [conversationId, largest] of group) {
    const seq = Math.min(largest, reachOf(conversationId, caller));
    if (seq > 0) services.receipts.seenUpto(caller.user.id, conversationId, 'group', seq);
  }
  return OK;
}

/** In a group ids say "up to": a device of the current protocol, which may know one from history, reaches as far as it was sent (G4, G6). */
function reachOf(conversationId: ConversationId, { delivery }: Caller): Seq {
  if (delivery.protocol === 'legacy') return Number.POSITIVE_INFINITY;
  return delivery.sentUpTo(conversationId)?.seq ?? 0;
}

async function isMember(conversationId: ConversationId, caller: Caller, services: NodeServices): Promise<boolean> {
  if (caller.user.feeds.has(conversationId)) return true;
  const membership = await services.conversations.membership(caller.user.id, conversationId);
  return membership !== null && membership.leftSeq === null;
}
