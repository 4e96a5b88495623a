import type { ConversationKind } from '@parley/core';

/** What a node sends to a legacy client, decoded. */
export type ServerFrame =
  | { readonly kind: 'signed_in'; readonly userId: number }
  | {
      readonly kind: 'message';
      readonly conversationId: number;
      readonly conversationKind: ConversationKind;
      readonly messageId: number;
      readonly sender: string;
      readonly body: string;
      /** UTC, `YYYY-MM-DD hh:mm:ss.ffffff`. */
      readonly timestamp: string;
    }
  | { readonly kind: 'ack'; readonly messageId: number }
  | {
      readonly kind: 'ready';
      readonly localId: number;
      readonly conversationId: number;
      readonly conversationKind: ConversationKind;
    }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly temporary: boolean }
  | { readonly kind: 'unknown' };

const SIGNED_IN = /^user id (\d{1,16}) received$/;
const UNKNOWN: ServerFrame = { kind: 'unknown' };

/** Decodes one text frame. Never throws: a frame of a later protocol version is `unknown`. */
export function decodeServerFrame(text: string): ServerFrame {
  const signedIn = SIGNED_IN.exec(text);
  if (signedIn !== null) return { kind: 'signed_in', userId: Number(signedIn[1]) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return UNKNOWN;
  }
  if (typeof value !== 'object' || value === null) return UNKNOWN;
  const frame = value as Record<string, unknown>;
  if (frame.type === 'error') {
    return {
      kind: 'error',
      name: String(frame.name),
      message: String(frame.message),
      temporary: frame.temporary === true,
    };
  }
  if (typeof frame.msg === 'string') return decodeMessage(frame, frame.msg);
  if (typeof frame.db_conv_id === 'number' && isKind(frame.type)) {
    return {
      kind: 'ready',
      localId: Number(frame.local_conv_id),
      conversationId: frame.db_conv_id,
      conversationKind: frame.type,
    };
  }
  if (typeof frame.message_id === 'number') return { kind: 'ack', messageId: frame.message_id };
  return UNKNOWN;
}

function decodeMessage(frame: Record<string, unknown>, body: string): ServerFrame {
  if (typeof frame.conv_id !== 'number' || typeof frame.message_id !== 'number' || !isKind(frame.type)) return UNKNOWN;
  return {
    kind: 'message',
    conversationId: frame.conv_id,
    conversationKind: frame.type,
    messageId: frame.message_id,
    sender: String(frame.sender),
    body,
    timestamp: String(frame.timestamp),
  };
}

const isKind = (value: unknown): value is ConversationKind => value === 'personal' || value === 'group';
