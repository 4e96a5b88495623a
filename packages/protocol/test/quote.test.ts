import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteClientId, quoteText } from '../src/quote.ts';

test('every character is quoted as JSON.stringify does it, alone, within a text and beside half a pair', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const char = String.fromCharCode(code);
    for (const text of [char, `a${char}b`, `${char}\udc00`, `\ud800${char}`]) {
      // Not `expect`: a quarter of a million of them take seconds.
      if (quoteText(text) !== JSON.stringify(text)) expect(quoteText(text)).toBe(JSON.stringify(text));
    }
  }
});

test('a text of any length is quoted as JSON.stringify does it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(quoteText(text)).toBe(JSON.stringify(text));
    }),
  );
});

test('a client id is quoted as JSON.stringify does it', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[!-~]{1,64}$/), (clientId) => {
      expect(quoteClientId(clientId)).toBe(JSON.stringify(clientId));
    }),
  );
});
