import { type CurrentClientFrame, formatTimestamp } from '@parley/protocol';
import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';

/** Shows the client that the node and everything between are alive. */
export function handlePing(
  _frame: Extract<CurrentClientFrame, { type: 'ping' }>,
  { clock }: Pick<NodeServices, 'clock'>,
): Reply {
  return { kind: 'frame', frame: { type: 'pong', time: formatTimestamp(clock.nowUs()) } };
}
