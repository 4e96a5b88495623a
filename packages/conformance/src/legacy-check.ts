import {
  aBoolean,
  anId,
  anything,
  aText,
  aTimestamp,
  differences,
  either,
  integer,
  type PatternFields,
} from './pattern.ts';

/** What a legacy server frame is: they have no type of their own. */
export type LegacyKind = 'signed_in' | 'message' | 'ack' | 'ready' | 'error';

/** Fields and their order, as L1 to L6 and L15 show them. */
const SHAPES: Readonly<Record<Exclude<LegacyKind, 'signed_in'>, PatternFields>> = {
  message: {
    conv_id: anId,
    message_id: anId,
    msg: aText,
    sender: aText,
    timestamp: aTimestamp,
    type: either('personal', 'group'),
  },
  ack: { message_id: anId },
  ready: { local_conv_id: anything, db_conv_id: anId, type: either('personal', 'group') },
  error: { type: 'error', code: integer(1_000, 4_999), name: aText, message: aText, temporary: aBoolean },
};

export function legacyKind(text: string, json: unknown): LegacyKind | null {
  if (/^user id \d+ received$/.test(text)) return 'signed_in';
  if (typeof json !== 'object' || json === null) return null;
  if ('local_conv_id' in json) return 'ready';
  if ('msg' in json) return 'message';
  if ((json as { readonly type?: unknown }).type === 'error') return 'error';
  return 'message_id' in json ? 'ack' : null;
}

/** What is wrong with a frame to a legacy client, which gets exactly the fields of the legacy protocol; null if nothing. */
export function checkLegacyFrame(text: string, json: unknown): string | null {
  const kind = legacyKind(text, json);
  if (kind === null) return 'got what is no frame of the legacy protocol';
  if (kind === 'signed_in') return null;
  const wrong = differences(json, SHAPES[kind]);
  return wrong.length === 0 ? null : `got a legacy ${kind} with wrong fields: ${wrong.join('; ')}`;
}
