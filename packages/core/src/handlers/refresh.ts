import { type CurrentClientFrame, formatTimestamp } from '@parley/protocol';
import type { NodeServices } from '../services.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

/** A new token for the same user: the session lives on with it. A wrong one changes nothing. */
export async function handleRefresh(
  frame: Extract<CurrentClientFrame, { type: 'refresh' }>,
  caller: Pick<Caller, 'user' | 'session'>,
  { authenticator }: Pick<NodeServices, 'authenticator'>,
): Promise<Reply> {
  const identity = await authenticator.authenticate(frame.token);
  if (!identity.ok) return refusal(identity.error, identity.detail);
  if (identity.userId !== caller.user.id) return refusal('wrong_user');
  const { expiresAtUs } = identity;
  if (expiresAtUs === undefined) return refusal('invalid_token', 'This node takes no tokens.');
  caller.session.renew(expiresAtUs);
  return { kind: 'frame', frame: { type: 'refreshed', expires_at: formatTimestamp(expiresAtUs) } };
}
