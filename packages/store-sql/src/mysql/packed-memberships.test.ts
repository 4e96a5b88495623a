import type { Membership } from '@parley/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unpackMemberships } from './packed-memberships.ts';

const ME = 7;
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const membership: fc.Arbitrary<Membership> = fc
  .record({
    conversationId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    peerId: fc.option(
      number.filter((id) => id !== ME),
      { nil: null },
    ),
    ...{ head: number, membersVersion: number, joinedSeq: number, addedSeq: number },
    leftSeq: fc.option(number, { nil: null }),
    ...{
      deliveredSeq: number,
      seenSeq: number,
      role: fc.constantFrom('owner', 'admin', 'member'),
      blocked: fc.boolean(),
    },
  })
  .map((m) => ({ ...m, userId: ME, kind: m.peerId === null ? 'group' : 'personal' }));
const memberships = fc.uniqueArray(membership, { selector: (m) => m.conversationId, maxLength: 20 });

/** What the expression in SQL makes of a row. */
const pack = (m: Membership): string => {
  const pair = m.peerId === null ? ' ' : [ME, m.peerId].sort((a, b) => a - b).join(' ');
  const numbers = [m.conversationId, m.head, m.membersVersion, m.joinedSeq, m.addedSeq, m.deliveredSeq, m.seenSeq];
  return `${[...numbers, m.blocked ? 1 : 0, m.role[0], m.leftSeq ?? ''].join(' ')} ${pair};`;
};

describe('packed memberships', () => {
  it('are read as they were, by conversation', () => {
    fc.assert(
      fc.property(memberships, (list) => {
        const sorted = [...list].sort((a, b) => a.conversationId - b.conversationId);
        expect(unpackMemberships(list.map(pack).join(''), ME, list.length)).toEqual(sorted);
      }),
    );
  });

  it('G4 are not taken for all when the text was cut off anywhere', () => {
    fc.assert(
      fc.property(memberships, fc.nat(), (list, cut) => {
        const text = list.map(pack).join('');
        fc.pre(text.length > 0);
        expect(unpackMemberships(text.slice(0, cut % text.length), ME, list.length)).toBeNull();
      }),
    );
  });

  it('are nothing else', () => {
    const good = '5 9 1 0 0 3 2 0 m   ;';
    expect(unpackMemberships(good, ME, 1)).toHaveLength(1);
    for (const bad of [
      'x',
      ';',
      ' ',
      good.replace('m', 'x'),
      good.replace('5', ''),
      good.replace('9', '-9'),
      `${good} `,
    ])
      expect(unpackMemberships(bad, ME, 1)).toBeNull();
    // Past what a number holds exactly.
    expect(unpackMemberships(good.replace('9', '18446744073709551615'), ME, 1)).toBeNull();
  });
});
