import { describe, expect, it } from 'vitest';
import {
  anId,
  anything,
  aTimestamp,
  differences,
  either,
  integer,
  like,
  listOf,
  optional,
  textLike,
} from '../src/pattern.ts';

describe('a pattern', () => {
  it('has exactly the fields that it names', () => {
    const pattern = { type: 'ack', seq: 1 } as const;
    expect(differences({ type: 'ack', seq: 1 }, pattern)).toEqual([]);
    expect(differences({ seq: 1, type: 'ack' }, pattern)).toEqual([]);
    expect(differences({ type: 'ack', seq: '1' }, pattern)).toEqual(['seq: expected 1, got "1"']);
    expect(differences({ type: 'ack' }, pattern)).toEqual(['seq: expected 1, got nothing']);
    expect(differences({ type: 'ack', seq: 1, ref: 7 }, pattern)).toEqual(['ref: expected no such field, got 7']);
  });

  it('names the place of a difference deep inside', () => {
    const pattern = { users: [{ user_id: 1 }, { user_id: anId }] } as const;
    expect(differences({ users: [{ user_id: 1 }, { user_id: 0 }] }, pattern)).toEqual([
      'users.1.user_id: expected an id (a positive integer), got 0',
    ]);
    expect(differences({ users: [{ user_id: 1 }] }, pattern)).toEqual([
      'users: expected 2 entries, got [{"user_id":1}]',
    ]);
  });

  it.each([
    ['an id', anId, 1, 0],
    ['an id as a text', anId, Number.MAX_SAFE_INTEGER, '1'],
    ['a timestamp', aTimestamp, '2026-11-23 01:02:03.000004', '2026-11-23T01:02:03.000004Z'],
    ['a timestamp to the microsecond', aTimestamp, '2026-11-23 01:02:03.999999', '2026-11-23 01:02:03.999'],
    ['an integer within bounds', integer(1, 3), 3, 4],
    ['an integer and no fraction', integer(1, 3), 2, 2.5],
    ['a text like', textLike(/^~/), '~x', 'x~'],
    ['one of two', either('a', 'b'), 'b', 'c'],
    ['null or a matcher', either(anId, null), null, 0],
    ['at least some fields', like({ a: 1 }), { a: 1, b: 2 }, { b: 2 }],
    ['a list of', listOf(anId, 2), [1, 2], [1]],
    ['a list of, each', listOf(anId), [1], [0]],
    ['null', null, null, undefined],
  ])('%s is told from what it is not', (_what, pattern, right, wrong) => {
    expect(differences(right, pattern)).toEqual([]);
    expect(differences(wrong, pattern)).not.toEqual([]);
  });

  it('lets an optional field be absent, but not wrong', () => {
    const pattern = { retry_after_ms: optional(integer(0)) };
    expect(differences({}, pattern)).toEqual([]);
    expect(differences({ retry_after_ms: 1 }, pattern)).toEqual([]);
    expect(differences({ retry_after_ms: -1 }, pattern)).toHaveLength(1);
    expect(differences({ retry_after_ms: null }, pattern)).toHaveLength(1);
  });

  it('does not take a prototype’s property for a field', () => {
    expect(differences({}, { toString: anything })).toHaveLength(1);
  });
});
