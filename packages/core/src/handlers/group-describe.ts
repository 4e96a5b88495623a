import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** For owners and admins. */
export function handleGroupDescribe(
  frame: FrameOf<'group_describe'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return changeGroup(
    frame.conv_id,
    frame.client_id,
    { kind: 'describe', description: frame.description },
    caller,
    services,
  );
}
