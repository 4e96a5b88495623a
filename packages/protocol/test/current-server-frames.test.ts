import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAck, encodeCurrentError, encodeCurrentReady, encodeOk } from '../src/current/answer.ts';
import type { Ref } from '../src/current/fields.ts';
import { groupEvent } from '../src/current/group-event.ts';
import { encodeCurrentMessage, encodeEvent, encodeMessageTail } from '../src/current/message.ts';
import { type CurrentServerFrame, encodeFrame, SERVER_FRAMES } from '../src/current/server-frame.ts';
import { ERROR_CODES, type ErrorName } from '../src/error-code.ts';
import { jsonSchemas } from '../src/json-schema.ts';
import { encodeMessage } from '../src/legacy/server-frame.ts';
import { formatTimestamp } from '../src/timestamp.ts';
import { arbitraryOf } from './support/frame-arbitrary.ts';

const SCHEMAS = jsonSchemas().server;
const TYPES = Object.keys(SERVER_FRAMES) as (keyof typeof SERVER_FRAMES)[];
const frameOf = (type: string) => arbitraryOf(SCHEMAS[type]!) as fc.Arbitrary<CurrentServerFrame>;
const understood = (type: keyof typeof SERVER_FRAMES, text: string) => SERVER_FRAMES[type].parse(JSON.parse(text));

describe.each(TYPES)('%s', (type) => {
  test('what is encoded is what a client of the same version decodes', () => {
    fc.assert(
      fc.property(frameOf(type), (frame) => {
        expect(understood(type, encodeFrame(frame))).toEqual(frame);
      }),
      { numRuns: 40 },
    );
  });

  test('an older client understands it with fields of a newer minor version', () => {
    fc.assert(
      fc.property(frameOf(type), fc.jsonValue({ maxDepth: 1 }), (frame, value) => {
        const newer = Object.assign({ x_added: value }, frame);
        expect(understood(type, encodeFrame(newer))).toEqual(frame);
      }),
      { numRuns: 20 },
    );
  });
});

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: 'grapheme' });
const sentAtUs = fc.integer({ min: 0, max: 4_102_444_800_000_000 });
const clientId = fc.oneof(fc.stringMatching(/^[!-~]{1,64}$/), fc.constantFrom('~b.1.2', 'a"b', 'a\\b', 'x-1'));
const ref: fc.Arbitrary<Ref | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.nat(),
  fc.string({ minLength: 1, maxLength: 64 }),
);
const refField = (value: Ref | undefined) => (value === undefined ? {} : { ref: value });
const numbers = fc.record({ conversationId: id, messageId: id, seq: id, senderId: id, sentAtUs, clientId });

test('a message is the legacy frame without its brace, and then the fields of this protocol (L4, L6)', () => {
  const kind = fc.constantFrom<'personal' | 'group'>('personal', 'group');
  fc.assert(
    fc.property(numbers, kind, text, text, (base, conversationKind, body, senderName) => {
      const message = { ...base, kind: conversationKind, body, senderName };
      const encoded = encodeCurrentMessage(message);
      expect(encoded).toBe(encodeMessage(message).slice(0, -1) + encodeMessageTail(message));
      const frame = {
        conv_id: base.conversationId,
        message_id: base.messageId,
        msg: body,
        sender: senderName,
        timestamp: formatTimestamp(base.sentAtUs),
        type: conversationKind,
        seq: base.seq,
        sender_id: base.senderId,
        client_id: base.clientId,
      };
      expect(encoded).toBe(JSON.stringify(frame));
      expect(understood(conversationKind, encoded)).toEqual(frame);
    }),
  );
});

test('an event is what its schema says', () => {
  const event = frameOf('event').map((frame) => (frame as { event: unknown }).event);
  fc.assert(
    fc.property(numbers, text, event, (base, senderName, change) => {
      const encoded = encodeEvent({ ...base, senderName, eventJson: JSON.stringify(change) });
      expect(understood('event', encoded)).toEqual({
        type: 'event',
        conv_id: base.conversationId,
        message_id: base.messageId,
        seq: base.seq,
        sender: senderName,
        sender_id: base.senderId,
        client_id: base.clientId,
        timestamp: formatTimestamp(base.sentAtUs),
        event: groupEvent.parse(change),
      });
    }),
  );
});

test('an acknowledgement is what its schema says', () => {
  fc.assert(
    fc.property(numbers, fc.boolean(), ref, (base, duplicate, theRef) => {
      expect(understood('ack', encodeAck({ ...base, duplicate }, theRef))).toEqual({
        type: 'ack',
        ...refField(theRef),
        conv_id: base.conversationId,
        message_id: base.messageId,
        seq: base.seq,
        timestamp: formatTimestamp(base.sentAtUs),
        client_id: base.clientId,
        ...(duplicate ? { duplicate: true } : {}),
      });
    }),
  );
});

test('the answer to an init is what its schema says, and echoes the local id digit by digit', () => {
  const ready = { conversationId: 12, kind: 'group' as const, created: true, duplicate: false };
  expect(understood('conversation_ready', encodeCurrentReady({ ...ready, localId: '"new-1"' }, 4))).toEqual({
    type: 'conversation_ready',
    ref: 4,
    conv_id: 12,
    kind: 'group',
    local_conv_id: 'new-1',
    created: true,
  });
  const digits = '123456789012345678901234567890';
  const again = encodeCurrentReady({ ...ready, localId: digits, created: false, duplicate: true }, undefined);
  expect(again).toContain(`"local_conv_id":${digits},"created":false,"duplicate":true}`);
  expect(encodeCurrentReady({ ...ready, localId: null }, 'r')).not.toContain('local_conv_id');
});

test('ok carries the ref', () => {
  fc.assert(
    fc.property(ref, (theRef) => {
      expect(understood('ok', encodeOk(theRef))).toEqual({ type: 'ok', ...refField(theRef) });
    }),
  );
});

test.each(Object.keys(ERROR_CODES) as ErrorName[])('the error %s is what its schema says', (name) => {
  const { code, message, temporary } = ERROR_CODES[name];
  expect(understood('error', encodeCurrentError(name))).toEqual({ type: 'error', code, name, message, temporary });
  const told = encodeCurrentError(name, { detail: 'Do this.', ref: 'r', retryAfterMs: 1_200.4 });
  expect(understood('error', told)).toEqual({
    type: 'error',
    code,
    name,
    message: 'Do this.',
    temporary,
    retry_after_ms: 1_201,
    ref: 'r',
  });
});

test('an answer off the hot path carries the ref, too', () => {
  const pong = { type: 'pong', time: '2026-11-23 01:02:03.000004' } as const;
  expect(JSON.parse(encodeFrame(pong, 5))).toEqual({ ...pong, ref: 5 });
  expect(JSON.parse(encodeFrame(pong))).toEqual(pong);
});
