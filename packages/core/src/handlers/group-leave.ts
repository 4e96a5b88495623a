import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** The last owner cannot leave others without one. Who has left already is told so again, by the client id. */
export function handleGroupLeave(
  frame: FrameOf<'group_leave'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return changeGroup(frame.conv_id, frame.client_id, { kind: 'leave' }, caller, services);
}
