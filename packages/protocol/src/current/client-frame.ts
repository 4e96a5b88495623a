import type { z } from 'zod';
import { type LocalId, restoreLocalId, WRITE_DIGITS } from '../legacy/local-id.ts';
import { parseObject, type Refusal, refuse, refuseIssues } from '../refusal.ts';
import { block } from './client/block.ts';
import { bye } from './client/bye.ts';
import { conversations } from './client/conversations.ts';
import { delivered } from './client/delivered.ts';
import { groupAdd } from './client/group-add.ts';
import { groupDescribe } from './client/group-describe.ts';
import { groupLeave } from './client/group-leave.ts';
import { groupRemove } from './client/group-remove.ts';
import { groupRename } from './client/group-rename.ts';
import { setGroupRole } from './client/group-role.ts';
import { groupTransfer } from './client/group-transfer.ts';
import { history } from './client/history.ts';
import { initGroup } from './client/init-group.ts';
import { initPersonal } from './client/init-personal.ts';
import { members } from './client/members.ts';
import { messageStatus } from './client/message-status.ts';
import { ping } from './client/ping.ts';
import { presence } from './client/presence.ts';
import { refresh } from './client/refresh.ts';
import { seen, seenExactly, seenUpto } from './client/seen.ts';
import { sendMessage } from './client/send-message.ts';
import { typing } from './client/typing.ts';
import { unblock } from './client/unblock.ts';
import { unwatch } from './client/unwatch.ts';
import { watch } from './client/watch.ts';
import { isRef, type Ref } from './fields.ts';
import { decodeHotFrame } from './hot-frame.ts';

/** The schema of every frame that a client sends after `hello`, by its type. */
export const CLIENT_FRAMES = {
  personal: sendMessage,
  group: sendMessage,
  seen,
  block: block,
  bye: bye,
  conversations: conversations,
  delivered: delivered,
  group_add: groupAdd,
  group_describe: groupDescribe,
  group_leave: groupLeave,
  group_remove: groupRemove,
  group_rename: groupRename,
  group_role: setGroupRole,
  group_transfer: groupTransfer,
  history: history,
  init_group: initGroup,
  init_personal: initPersonal,
  members: members,
  message_status: messageStatus,
  ping: ping,
  presence: presence,
  refresh: refresh,
  typing: typing,
  unblock: unblock,
  unwatch: unwatch,
  watch: watch,
} as const;

type Decodes<Type extends keyof typeof CLIENT_FRAMES> = z.output<(typeof CLIENT_FRAMES)[Type]>;
type Init = 'init_personal' | 'init_group';

/**
 * Every frame that a client sends after `hello`, as it is on the wire, with defaults filled in and unknown fields left out.
 * `localId` is the `conv_id` of an init as the JSON text to echo; null when it had none.
 */
export type CurrentClientFrame =
  | { [Type in Exclude<keyof typeof CLIENT_FRAMES, Init>]: Decodes<Type> }[Exclude<keyof typeof CLIENT_FRAMES, Init>]
  | { [Type in Init]: Omit<Decodes<Type>, 'conv_id'> & { readonly localId: LocalId | null } }[Init];

/** A refusal names the request by its ref, when that much was understood. */
export type CurrentRefusal = Refusal & { readonly ref?: Ref };
export type CurrentDecoded = { readonly ok: true; readonly frame: CurrentClientFrame } | CurrentRefusal;

const SCHEMAS: ReadonlyMap<unknown, z.ZodType<CurrentClientFrame | Decodes<Init>>> = new Map(
  Object.entries(CLIENT_FRAMES),
);
const KNOWN_TYPES = Object.keys(CLIENT_FRAMES).join(', ');

/** Decodes and validates one text frame of a client that has said hello. Never throws. */
export function decodeCurrentFrame(text: string): CurrentDecoded {
  const value = parseObject(text);
  if (typeof value === 'string') return refuse('invalid_json', value);
  const hot = decodeHotFrame(value);
  if (hot !== null) return { ok: true, frame: hot };
  const { type } = value;
  const schema = type === 'seen' ? (value.message_id === undefined ? seenUpto : seenExactly) : SCHEMAS.get(type);
  if (schema === undefined) return withRef(refuseType(type), value.ref);
  const parsed = schema.safeParse(value);
  if (!parsed.success) return withRef(refuseIssues(parsed.error), value.ref);
  const frame = parsed.data;
  if (frame.type !== 'init_personal' && frame.type !== 'init_group') return { ok: true, frame };
  return decodeInit(frame as Decodes<Init>, text);
}

function decodeInit({ conv_id, ...rest }: Decodes<Init>, text: string): CurrentDecoded {
  if (conv_id === undefined) return { ok: true, frame: { ...rest, localId: null } };
  const localId = restoreLocalId(conv_id, text);
  if (localId === null) return withRef(refuse('invalid_frame', WRITE_DIGITS), rest.ref);
  return { ok: true, frame: { ...rest, localId } };
}

function refuseType(type: unknown): Refusal {
  return type === 'hello'
    ? refuse('already_signed_in', 'You are signed in; send hello only as the first frame.')
    : refuse('unknown_type', `Use one of the known types: ${KNOWN_TYPES}.`);
}

const withRef = (refusal: Refusal, ref: unknown): CurrentRefusal => (isRef(ref) ? { ...refusal, ref } : refusal);
