import type { z } from 'zod';
import type { ErrorName } from '../error-code.ts';
import { initGroup } from './init-group.ts';
import { initPersonal } from './init-personal.ts';
import { type LocalId, restoreLocalId } from './local-id.ts';
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

export type Decoded =
  | { readonly ok: true; readonly frame: LegacyClientFrame }
  | { readonly ok: false; readonly error: ErrorName; readonly detail: string };

const KNOWN_TYPES = 'init_personal, init_group, personal, group, seen';

/** Decodes and validates one text frame. Never throws. */
export function decodeLegacyFrame(text: string): Decoded {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('invalid_json', 'Not JSON: send one JSON object per text frame.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('invalid_json', 'Send one JSON object per text frame.');
  }
  const type = (value as { type?: unknown }).type;
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
      if (localId === null) return refuse('invalid_frame', 'conv_id: write the integer without an exponent.');
      return { ok: true, frame: { type, localId, members: parsed.data.member } };
    }
    case 'init_group': {
      const parsed = initGroup.safeParse(value);
      if (!parsed.success) return refuseIssues(parsed.error);
      const localId = restoreLocalId(parsed.data.conv_id, text);
      if (localId === null) return refuse('invalid_frame', 'conv_id: write the integer without an exponent.');
      const { member: members, group_name: name, description } = parsed.data;
      return { ok: true, frame: { type, localId, members, name, description } };
    }
    default:
      return refuse('unknown_type', `Use one of the known types: ${KNOWN_TYPES}.`);
  }
}

const refuse = (error: ErrorName, detail: string): Decoded => ({ ok: false, error, detail });

/** Names the field and what is wrong with it; never echoes a value, which may be a message body. */
function refuseIssues(error: z.ZodError): Decoded {
  const issue = error.issues[0];
  if (issue === undefined) return refuse('invalid_frame', 'Correct the fields of the frame.');
  const params = issue.code === 'custom' ? (issue.params as { name?: ErrorName } | undefined) : undefined;
  const field = issue.path.join('.') || 'frame';
  return refuse(params?.name ?? 'invalid_frame', `${field}: ${issue.message}`);
}
