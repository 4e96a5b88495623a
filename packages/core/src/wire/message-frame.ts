import {
  encodeCurrentMessage,
  encodeEvent,
  encodeMessage,
  encodeMessageFields,
  encodeMessageTail,
  type GroupEvent,
} from '@parley/protocol';
import type { MembersChange, MessagePublication } from '../bus/publication.ts';
import type { StoredMessage, UserId } from '../types.ts';

const CLOSING_BRACE = 0x7d;

/**
 * The final bytes of a message or event for both protocols: the current frame is the legacy frame with more fields behind it, so one buffer serves
 * both. @returns `legacyBytes` as in `MessagePublication`
 */
export function messageFrame(message: StoredMessage): { readonly frame: Buffer; readonly legacyBytes: number } {
  if (message.isEvent) return { frame: Buffer.from(eventText(message), 'utf8'), legacyBytes: 0 };
  const tail = encodeMessageTail(message);
  const frame = Buffer.from(encodeMessageFields(message) + tail, 'utf8');
  // The tail is ASCII: a byte for each character.
  return { frame, legacyBytes: frame.byteLength - tail.length };
}

/** The text of one frame, for a session that reads its backlog. @returns null where the protocol shows nothing */
export function storedFrame(message: StoredMessage, protocol: 'legacy' | 'current'): string | null {
  if (protocol === 'legacy') return message.isEvent ? null : encodeMessage(message);
  return message.isEvent ? eventText(message) : encodeCurrentMessage(message);
}

const eventText = (message: StoredMessage): string => encodeEvent({ ...message, eventJson: message.body });

const legacyFrames = new WeakMap<MessagePublication, Uint8Array>();

/** @returns null for what legacy clients do not get; built once, when the first legacy session wants it */
export function legacyFrame(publication: MessagePublication): Uint8Array | null {
  const { frame, legacyBytes } = publication;
  if (legacyBytes === 0) return null;
  let legacy = legacyFrames.get(publication);
  if (legacy === undefined) {
    legacy = Buffer.allocUnsafe(legacyBytes + 1);
    legacy.set(frame.subarray(0, legacyBytes));
    legacy[legacyBytes] = CLOSING_BRACE;
    legacyFrames.set(publication, legacy);
  }
  return legacy;
}

/** A stored message as if it had just been published. @param membersVersion after an event, when it is known */
export function publicationOf(
  message: StoredMessage,
  members: readonly [UserId, UserId],
  originSessionId: number,
  membersVersion = 0,
): MessagePublication {
  const { kind, conversationId, seq, messageId, senderId } = message;
  const { frame, legacyBytes } = messageFrame(message);
  const change = message.isEvent ? membersChange(message, membersVersion) : null;
  return {
    type: 'message',
    kind,
    conversationId,
    seq,
    messageId,
    senderId,
    members,
    frame,
    legacyBytes,
    change,
    // The event is the news also for who caused it: its answer does not say what has changed.
    originSessionId: message.isEvent ? 0 : originSessionId,
  };
}

function membersChange({ body, senderId }: StoredMessage, membersVersion: number): MembersChange | null {
  const event = JSON.parse(body) as GroupEvent;
  switch (event.kind) {
    case 'added':
      return { joined: event.user_id, departed: [], membersVersion };
    case 'removed':
      return { joined: [], departed: [event.user_id], membersVersion };
    case 'left':
      return { joined: [], departed: [senderId], membersVersion };
    default:
      return null;
  }
}
