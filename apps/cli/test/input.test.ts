import { describe, expect, it } from 'vitest';
import { durationArgument, idArgument, idsArgument, portArgument } from '../src/arguments.ts';
import { parseInput } from '../src/chat/input.ts';

describe('chat input', () => {
  it.each([
    ['hello', { kind: 'say', body: 'hello' }],
    ['  two  spaces ', { kind: 'say', body: '  two  spaces ' }],
    ['//usr/bin', { kind: 'say', body: '/usr/bin' }],
    ['   ', { kind: 'nothing' }],
    ['/open 8', { kind: 'open', userId: 8 }],
    ['/group World cup 7,8,8', { kind: 'group', name: 'World cup', memberIds: [7, 8] }],
    ['/use 12', { kind: 'use', conversationId: 12, as: null }],
    ['/use 12 group', { kind: 'use', conversationId: 12, as: 'group' }],
    ['/quit', { kind: 'quit' }],
    ['/seen', { kind: 'seen' }],
  ])('reads %j', (line, expected) => {
    expect(parseInput(line)).toEqual(expected);
  });

  it.each([
    '/open',
    '/open x',
    '/open 8 9',
    '/open 0',
    '/open 9007199254740992',
    '/group 7,8',
    '/group a 7,x',
    '/use',
    '/use 1 both',
    '/nope',
  ])('says what to write instead of %j', (line) => {
    const input = parseInput(line);
    expect(input.kind).toBe('wrong');
    expect(input).toHaveProperty('message', expect.stringMatching(/\/\w+/));
  });
});

describe('arguments', () => {
  it('takes ids, lists of ids, ports and lengths of time', () => {
    expect(idArgument('7')).toBe(7);
    expect(idsArgument('7, 8,8')).toEqual([7, 8]);
    expect(portArgument('3128')).toBe(3128);
    expect(['30s', '15m', '1h', '7d'].map(durationArgument)).toEqual([30, 900, 3600, 604_800]);
  });

  it.each([
    [idArgument, ['-1', '1.5', '1e3', '', '0']],
    [idsArgument, ['7,', 'a']],
    [portArgument, ['0', '65536', 'x']],
    [durationArgument, ['1', '0s', '1y', '9999d', '-1h']],
  ] as const)('refuses what is none', (parse, texts) => {
    for (const text of texts) expect(() => parse(text), text).toThrow(/Write/);
  });
});
