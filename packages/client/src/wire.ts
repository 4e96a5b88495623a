import type { CurrentServerFrame } from '@parley/protocol';
import type { ChatEvent, ChatMessage, ConversationItem, GroupChange } from './api/message.ts';

export type ServerFrame = CurrentServerFrame;
type TypeOf<F> = F extends { type: infer T } ? T : never;
export type FrameOf<T extends TypeOf<ServerFrame>> = Extract<ServerFrame, { type: T }>;
export type MessageFrame = FrameOf<'personal' | 'group'>;
export type EventFrame = FrameOf<'event'>;
export type Summary = FrameOf<'conversations'>['conversations'][number];

/** A frame to the server, without its `ref`. */
export interface Outgoing {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** `2026-11-23 01:02:03.000004` (UTC) as milliseconds since the epoch. */
export const timeMs = (timestamp: string): number => Date.parse(`${timestamp.slice(0, 23).replace(' ', 'T')}Z`);

export const timeMsOrNull = (timestamp: string | null | undefined): number | null =>
  timestamp ? timeMs(timestamp) : null;

export function itemOf(frame: MessageFrame | EventFrame): ConversationItem {
  const numbered = {
    conversationId: frame.conv_id,
    seq: frame.seq,
    messageId: frame.message_id,
    senderId: frame.sender_id,
    senderName: frame.sender,
    clientId: frame.client_id,
    sentAtMs: timeMs(frame.timestamp),
  };
  return frame.type === 'event'
    ? ({ type: 'event', ...numbered, change: changeOf(frame.event) } satisfies ChatEvent)
    : ({ type: 'message', ...numbered, text: frame.msg } satisfies ChatMessage);
}

/** The fields of the wire under this client's names; what is called the same stays. */
function changeOf(event: EventFrame['event']): GroupChange {
  const { user_id, group_name, ...same } = event as typeof event & { user_id?: unknown; group_name?: string };
  const user = Array.isArray(user_id) ? { userIds: user_id } : { userId: user_id };
  return {
    ...same,
    ...(user_id !== undefined && user),
    ...(group_name !== undefined && { name: group_name }),
  } as GroupChange;
}
