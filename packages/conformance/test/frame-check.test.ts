import { describe, expect, it } from 'vitest';
import { checkCurrentFrame } from '../src/frame-check.ts';
import { checkLegacyFrame } from '../src/legacy-check.ts';

const check = (frame: unknown): string | null => checkCurrentFrame(JSON.stringify(frame), frame);

const TIMESTAMP = '2026-11-23 01:02:03.000004';
const message = {
  ...{ conv_id: 1, message_id: 2, msg: 'm', sender: 'A', timestamp: TIMESTAMP, type: 'personal' },
  ...{ seq: 3, sender_id: 4, client_id: '~x' },
};
const event = { kind: 'renamed', group_name: 'G' };
const eventFrame = {
  ...{ type: 'event', conv_id: 1, message_id: 2, seq: 3, sender: 'A', sender_id: 4, client_id: 'c' },
  ...{ timestamp: TIMESTAMP, event },
};

describe('a frame to a current client', () => {
  it.each([
    ['a message', message],
    ['an event', eventFrame],
    ['a page of both', { type: 'history', conv_id: 1, messages: [message, eventFrame], more: false }],
    ['an error', { type: 'error', code: 3001, name: 'not_a_member', message: 'No.', temporary: false, ref: 'r' }],
    ['an answer with a ref', { type: 'ok', ref: 7 }],
  ])('%s may pass', (_what, frame) => {
    expect(check(frame)).toBeNull();
  });

  const { conv_id, ...rest } = message;
  it.each([
    ['no JSON', undefined, 'unknown type ""'],
    ['an unknown type', { type: 'greeting' }, 'unknown type "greeting"'],
    ['a type of every object', { type: 'toString' }, 'unknown type'],
    ['an unknown field', { type: 'ok', extra: 1 }, 'the unknown field extra'],
    ['an unknown field inside', { ...eventFrame, event: { ...event, by: 1 } }, 'the unknown field event.by'],
    [
      'an unknown field in a list',
      { type: 'history', conv_id: 1, messages: [{ ...message, x: null }], more: false },
      'messages.0.x',
    ],
    ['a wrong field', { ...message, seq: '3' }, 'breaks its schema (seq'],
    ['a missing field', { type: 'pong' }, 'breaks its schema (time'],
    ['another order', { ...rest, conv_id }, 'fields in the order'],
    [
      'another order in a list',
      { type: 'history', conv_id: 1, messages: [{ ...rest, conv_id }], more: false },
      'fields in the order',
    ],
    [
      'an error that is in no table',
      { type: 'error', code: 3001, name: 'no_such', message: 'No.', temporary: false },
      'unknown name',
    ],
    [
      'an error with another code',
      { type: 'error', code: 3002, name: 'not_a_member', message: 'No.', temporary: false },
      'than the table',
    ],
    [
      'an error that is temporary or not',
      { type: 'error', code: 3001, name: 'not_a_member', message: 'No.', temporary: true },
      'than the table',
    ],
  ])('%s may not', (_what, frame, why) => {
    expect(check(frame)).toContain(why);
  });
});

describe('a frame to a legacy client', () => {
  const checkOld = (text: string): string | null => {
    try {
      return checkLegacyFrame(text, JSON.parse(text) as unknown);
    } catch {
      return checkLegacyFrame(text, undefined);
    }
  };
  it.each([
    'user id 7 received',
    '{"message_id":1}',
    '{"local_conv_id":5,"db_conv_id":1,"type":"personal"}',
    `{"conv_id":1,"message_id":2,"msg":"m","sender":"A","timestamp":"${TIMESTAMP}","type":"group"}`,
    '{"type":"error","code":1003,"name":"unknown_type","message":"No.","temporary":false}',
  ])('%s may pass', (text) => {
    expect(checkOld(text)).toBeNull();
  });

  it.each([
    'hello',
    '{"type":"pong"}',
    '{"type":"status"}',
    '{"message_id":1,"seq":1}',
    '{"message_id":1,"ref":1}',
    `{"conv_id":1,"message_id":2,"msg":"m","sender":"A","timestamp":"${TIMESTAMP}","type":"group","seq":1}`,
    '{"type":"error","code":1003,"name":"unknown_type","message":"No.","temporary":false,"ref":1}',
  ])('%s may not', (text) => {
    expect(checkOld(text)).not.toBeNull();
  });
});
