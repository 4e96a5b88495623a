import { expect, it } from 'vitest';
import { type ChatEvent, printable, renderText } from '../src/chat/events.ts';

const message = (body: string, sender = 'Ann'): ChatEvent => ({
  event: 'message',
  conversation_id: 1,
  kind: 'personal',
  message_id: 5,
  sender,
  body,
  timestamp: '2020-08-25 11:53:30.923631',
  current: false,
});
const plain = { colour: false, localTime: false };

it('shows a message with time, sender and conversation', () => {
  expect(renderText(message('hello'), plain)).toBe('[2020-08-25 11:53:30] Ann (1): hello');
});

it('indents the further lines of a message so that they cannot pass for another message', () => {
  expect(renderText(message('a\r\n[12:00] Bob: b'), plain)).toBe(
    '[2020-08-25 11:53:30] Ann (1): a\n    [12:00] Bob: b',
  );
});

it('keeps a sender name on one line', () => {
  expect(renderText(message('x', 'Ann\nBob'), plain)).toContain('Ann Bob (1): x');
});

it.each(['\u001b[2J', '\u0007', '\u009b31m', '\u202e', '\u2066', '\r', '\b', '\u0000'])(
  'lets no terminal command through: %j',
  (evil) => {
    expect(printable(`a${evil}b`)).not.toContain(evil[0]);
    expect(printable(`a${evil}b`).startsWith('a\ufffd')).toBe(true);
  },
);

it('leaves other text alone', () => {
  expect(printable('naïve 👩‍👩‍👧 日本\tx\ny')).toBe('naïve 👩‍👩‍👧 日本\tx\ny');
});
