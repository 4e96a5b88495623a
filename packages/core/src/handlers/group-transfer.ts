import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** The other becomes owner, oneself admin. */
export function handleGroupTransfer(
  frame: FrameOf<'group_transfer'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return changeGroup(frame.conv_id, frame.client_id, { kind: 'transfer', userId: frame.user_id }, caller, services);
}
