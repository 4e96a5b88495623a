import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** For owners and admins. */
export function handleGroupRename(
  frame: FrameOf<'group_rename'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return changeGroup(frame.conv_id, frame.client_id, { kind: 'rename', name: frame.group_name }, caller, services);
}
