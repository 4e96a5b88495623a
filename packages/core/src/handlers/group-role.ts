import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** For owners. */
export function handleGroupRole(frame: FrameOf<'group_role'>, caller: Caller, services: NodeServices): Promise<Reply> {
  return changeGroup(
    frame.conv_id,
    frame.client_id,
    { kind: 'role', userId: frame.user_id, role: frame.role },
    caller,
    services,
  );
}
