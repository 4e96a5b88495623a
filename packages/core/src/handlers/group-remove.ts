import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** The removed user gets the event and nothing after it. */
export function handleGroupRemove(
  frame: FrameOf<'group_remove'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return changeGroup(frame.conv_id, frame.client_id, { kind: 'remove', userId: frame.user_id }, caller, services);
}
