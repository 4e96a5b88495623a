import type { NodeServices } from '../services.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { changeGroup } from './change-group.ts';
import type { FrameOf } from './frame-of.ts';

/** Those who are members already are passed over. */
export function handleGroupAdd(frame: FrameOf<'group_add'>, caller: Caller, services: NodeServices): Promise<Reply> {
  const userIds = [...new Set(frame.user_id)];
  return changeGroup(frame.conv_id, frame.client_id, { kind: 'add', userIds }, caller, services);
}
