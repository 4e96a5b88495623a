import { NO_MEMBERS } from '../bus/publication.ts';
import { RateLimiter } from '../rate-limiter.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, ConversationKind, UserId } from '../types.ts';
import { OK, type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

interface Place {
  readonly kind: ConversationKind;
  readonly members: readonly [UserId, UserId];
}

/** Somebody writes, or has stopped: told to the other members that are connected now, never stored, at most so often. */
export async function handleTyping(
  frame: { readonly conv_id: ConversationId; readonly active: boolean },
  caller: Pick<Caller, 'user' | 'typing'>,
  services: Pick<NodeServices, 'settings' | 'clock' | 'conversations' | 'publisher'>,
): Promise<Reply> {
  const { maxTypingPerWindow, typingWindowMs } = services.settings;
  caller.typing ??= new RateLimiter(services.clock, maxTypingPerWindow, typingWindowMs);
  const retryAfterMs = caller.typing.take();
  if (retryAfterMs > 0) return { kind: 'error', name: 'rate_limited', retryAfterMs };
  const { conv_id: conversationId, active } = frame;
  const { user } = caller;
  const feed = user.feeds.get(conversationId);
  let place: Place | undefined = feed;
  // Blocks are remembered from the last read: asked again before a refusal. A conversation may be new, or the session still loading.
  if (place === undefined || user.blockedIn?.has(conversationId)) {
    const row = await services.conversations.membership(user.id, conversationId);
    if (row === null || row.leftSeq !== null) return refusal('not_a_member');
    if (row.blocked) return refusal('blocked');
    place = { kind: row.kind, members: row.peerId === null ? NO_MEMBERS : pair(user.id, row.peerId) };
  }
  const { kind, members } = place;
  services.publisher.publish([{ type: 'typing', kind, conversationId, members, userId: user.id, active }]);
  return OK;
}

const pair = (a: UserId, b: UserId): readonly [UserId, UserId] => (a < b ? [a, b] : [b, a]);
