import { parseObject, type Refusal, refuse, refuseIssues } from '../refusal.ts';
import { initGroup } from './init-group.ts';
import { initPersonal } from './init-personal.ts';
import { type LocalId, restoreLocalId, WRITE_DIGITS } from './local-id.ts';
import { seen } from './seen.ts';
import { sendMessage } from './send-message.ts';

/** Every frame that a legacy client sends after its first one, decoded. */
export type LegacyClientFrame =
  | { readonly type: 'init_personal'; readonly localId: LocalId; readonly members: readonly number[] }
  | {
      readonly type: 'init_group';
      readonly localId: LocalId;
      readonly members: readonly number[];
      readonly name: string;
      readonly description: string;
    }
  | { readonly type: 'personal' | 'group'; readonly conversationId: number; readonly body: string }
  | { readonly type: 'seen'; readonly messageIds: readonly number[] };

export type Decoded = { readonly ok: true; readonly frame: LegacyClientFrame } | Refusal;

const KNOWN_TYPES = 'init_personal, init_group, personal, group, seen';

/** Decodes and validates one text frame. Never throws. */
export function decodeLegacyFrame(text: string): Decoded {
  const value = parseObject(text);
  if (typeof value === 'string') return refuse('invalid_json', value);
  const { type } = value;
  switch (type) {
    case 'personal':
    case 'group': {
      const parsed = sendMessage.safeParse(value);
      if (!parsed.success) return refuseIssues(parsed.error);
      const { conv_id: conversationId, msg: body } = parsed.data;
      return { ok: true, frame: { type, conversationId, body } };
    }
    case 'seen': {
      const parsed = seen.safeParse(value);
      if (!parsed.success) return refuseIssues(parsed.error);
      return { ok: true, frame: { type, messageIds: parsed.data.message_id } };
    }
    case 'init_personal': {
      const parsed = initPersonal.safeParse(value);
      if (!parsed.success) return refuseIssues(parsed.error);
      const localId = restoreLocalId(parsed.data.conv_id, text);
      if (localId === null) return refuse('invalid_frame', WRITE_DIGITS);
      return { ok: true, frame: { type, localId, members: parsed.data.member } };
    }
    case 'init_group': {
      const parsed = initGroup.safeParse(value);
      if (!parsed.success) return refuseIssues(parsed.error);
      const localId = restoreLocalId(parsed.data.conv_id, text);
      if (localId === null) return refuse('invalid_frame', WRITE_DIGITS);
      const { member: members, group_name: name, description } = parsed.data;
      return { ok: true, frame: { type, localId, members, name, description } };
    }
    default:
      return refuse('unknown_type', `Use one of the known types: ${KNOWN_TYPES}.`);
  }
}
