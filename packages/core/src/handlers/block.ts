import { newPersonal, type Publication } from '../bus/publication.ts';
import type { NodeServices } from '../services.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';
import { refusedInit } from './refused-init.ts';
import { changeInTurn } from './turns.ts';

/**
 * `block` and `unblock`: the other may, or may not, write into the personal conversation of the two, which is opened when there is none. Takes effect on
 * every node at once: the conversation's members' version moves on, so that what is checked against an older one is checked anew.
 */
export async function handleBlock(
  frame: FrameOf<'block'> | FrameOf<'unblock'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  if (frame.user_id === caller.user.id) return refusal('invalid_frame', 'user_id: name another user.');
  const { conversations, readLimiter } = services;
  const setBlocked = () => conversations.setBlocked(caller.user.id, frame.user_id, frame.type === 'block');
  // A block and an unblock that are sent together end as the client meant them to.
  const result = await changeInTurn(caller, () => readLimiter.run(setBlocked));
  if (!result.ok) return refusedInit(result);
  const { conversationId, created } = result;
  const news: Publication[] = [];
  if (created) news.push(newPersonal(conversationId, [caller.user.id, frame.user_id]));
  // What is not held to the version in the store, `typing`, is refused by the other's nodes.
  const joined = frame.type === 'block' ? [frame.user_id] : [];
  // It was opened before, and its opener may have died before it told anybody. Not awaited: the block is stored, whatever becomes of this.
  if (!created && !caller.user.feeds.has(conversationId)) joined.push(caller.user.id);
  if (joined.length > 0) news.push({ type: 'joined', conversationId, userIds: joined });
  if (news.length > 0) services.publisher.publish(news);
  // A request, not a notice: answered also without a ref.
  return { kind: 'frame', frame: { type: 'ok' } };
}
