import { describe, expect, it } from 'vitest';
import type { GroupAction } from '../ports/group-store.ts';
import { StoreError } from '../ports/message-store.ts';
import type { Role, UserId } from '../types.ts';
import { assertGroupChange, decideGroupChange, type GroupFacts, textOfAction, usersOf } from './group-rules.ts';

const ROLES: readonly Role[] = ['owner', 'admin', 'member'];
/** Present members: 1 is the one owner, 2 an admin, 3 and 4 are members; 8 has left; 9 is no user. */
const TEAM: readonly [UserId, Role][] = [
  [1, 'owner'],
  [2, 'admin'],
  [3, 'member'],
  [4, 'member'],
];

function factsFor(actorId: UserId, action: GroupAction, team = TEAM, overrides: Partial<GroupFacts> = {}): GroupFacts {
  const roles = new Map(team);
  return {
    actorId,
    actorRole: roles.get(actorId) ?? null,
    name: 'Old',
    description: 'old',
    members: team.length,
    owners: team.filter(([, role]) => role === 'owner').length,
    targets: new Map(usersOf(action).map((userId) => [userId, roles.get(userId) ?? null])),
    unknownUsers: usersOf(action).filter((userId) => userId === 9),
    ...overrides,
  };
}

const decide = (actorId: UserId, action: GroupAction, team = TEAM, overrides: Partial<GroupFacts> = {}) =>
  decideGroupChange(action, factsFor(actorId, action, team, overrides));

const nothing = { joins: [], leaves: [], roles: new Map() };
const refused = (error: string) => ({ ok: false, error });

const ANY_ACTION: readonly GroupAction[] = [
  { kind: 'add', userIds: [7] },
  { kind: 'remove', userId: 3 },
  { kind: 'leave' },
  { kind: 'rename', name: 'New' },
  { kind: 'describe', description: 'new' },
  { kind: 'role', userId: 3, role: 'admin' },
  { kind: 'transfer', userId: 3 },
];

describe('decideGroupChange', () => {
  it.each(ANY_ACTION)('G7 takes nothing from someone who is not a member: $kind', (action) => {
    expect(decide(8, action)).toEqual(refused('not_a_member'));
  });

  it.each(ANY_ACTION)('G7 an owner may $kind (leave: with another owner)', (action) => {
    expect(decide(1, action, [...TEAM, [5, 'owner']])).toMatchObject({ ok: true });
  });

  it('G7 an admin may all but roles and transfer, a member may only leave', () => {
    const allowed = (actorId: UserId) =>
      ANY_ACTION.filter((action) => {
        const decision = decide(actorId, action);
        if (!decision.ok) expect(decision).toEqual(refused('not_allowed'));
        return decision.ok;
      }).map((action) => action.kind);
    expect(allowed(2)).toEqual(['add', 'remove', 'leave', 'rename', 'describe']);
    expect(allowed(4)).toEqual(['leave']);
  });

  it('G7 adds those who are not members, each once, in the order given', () => {
    expect(decide(2, { kind: 'add', userIds: [8, 3, 7, 8, 1] })).toEqual({
      ...nothing,
      ok: true,
      event: { kind: 'added', user_id: [8, 7] },
      joins: [8, 7],
    });
    expect(decide(1, { kind: 'add', userIds: [3, 1] })).toEqual(refused('no_change'));
  });

  it('L13 names those to be added who are no users, and adds nobody', () => {
    expect(decide(1, { kind: 'add', userIds: [7, 9] })).toEqual({ ...refused('unknown_member'), unknown: [9] });
    expect(decide(3, { kind: 'add', userIds: [9] })).toEqual(refused('not_allowed'));
  });

  it('G8 a group is full at 1,000 members, whoever else is named', () => {
    const add: GroupAction = { kind: 'add', userIds: [7, 3] };
    expect(decide(1, add, TEAM, { members: 999 })).toMatchObject({ ok: true, joins: [7] });
    expect(decide(1, add, TEAM, { members: 1_000 })).toEqual(refused('group_full'));
    expect(decide(1, { kind: 'add', userIds: [7, 8] }, TEAM, { members: 999 })).toEqual(refused('group_full'));
  });

  it.each(ROLES.flatMap((actor) => ROLES.map((target) => ({ actor, target }))))(
    'G7 removing: $actor removes $target',
    ({ actor, target }) => {
      const decision = decide(5, { kind: 'remove', userId: 6 }, [...TEAM, [5, actor], [6, target]]);
      if (actor === 'owner' || (actor === 'admin' && target === 'member'))
        expect(decision).toEqual({ ...nothing, ok: true, event: { kind: 'removed', user_id: 6 }, leaves: [6] });
      else expect(decision).toEqual(refused('not_allowed'));
    },
  );

  it('G7 removing somebody who is no member changes nothing; removing oneself is leaving', () => {
    expect(decide(1, { kind: 'remove', userId: 8 })).toEqual(refused('no_change'));
    const left = { ...nothing, ok: true, event: { kind: 'left', user_id: 3 }, leaves: [3] };
    expect(decide(3, { kind: 'remove', userId: 3 })).toEqual(left);
    expect(decide(3, { kind: 'leave' })).toEqual(left);
    expect(decide(1, { kind: 'remove', userId: 1 })).toEqual(refused('last_owner'));
  });

  it('G7 the last owner leaves only when nobody else is left', () => {
    expect(decide(1, { kind: 'leave' })).toEqual(refused('last_owner'));
    expect(decide(1, { kind: 'leave' }, [[1, 'owner']])).toMatchObject({ ok: true, leaves: [1] });
    expect(decide(1, { kind: 'leave' }, [...TEAM, [5, 'owner']])).toMatchObject({ ok: true, leaves: [1] });
  });

  it('G7 gives roles to members, keeps an owner, and says when nothing changes', () => {
    expect(decide(1, { kind: 'role', userId: 3, role: 'owner' })).toEqual({
      ...nothing,
      ok: true,
      event: { kind: 'role', user_id: 3, role: 'owner' },
      roles: new Map([[3, 'owner']]),
    });
    expect(decide(1, { kind: 'role', userId: 2, role: 'admin' })).toEqual(refused('no_change'));
    expect(decide(1, { kind: 'role', userId: 8, role: 'admin' })).toEqual({
      ...refused('unknown_member'),
      unknown: [8],
    });
    const stepDown: GroupAction = { kind: 'role', userId: 1, role: 'member' };
    expect(decide(1, stepDown)).toEqual(refused('last_owner'));
    expect(decide(1, stepDown, [[1, 'owner']])).toEqual(refused('last_owner'));
    expect(decide(1, stepDown, [...TEAM, [5, 'owner']])).toMatchObject({ ok: true });
  });

  it('G7 transfers: the other becomes owner, oneself admin', () => {
    const transferred = {
      ...nothing,
      ok: true,
      event: { kind: 'transferred', user_id: 3, from: 1 },
      roles: new Map([
        [3, 'owner'],
        [1, 'admin'],
      ]),
    };
    expect(decide(1, { kind: 'transfer', userId: 3 })).toEqual(transferred);
    expect(decide(1, { kind: 'transfer', userId: 3 }, [...TEAM.slice(0, 2), [3, 'owner']])).toEqual(transferred);
    expect(decide(1, { kind: 'transfer', userId: 1 })).toEqual(refused('no_change'));
    expect(decide(1, { kind: 'transfer', userId: 8 })).toEqual({ ...refused('unknown_member'), unknown: [8] });
  });

  it('renames and describes, unless it is called so already', () => {
    expect(decide(2, { kind: 'rename', name: 'New' })).toEqual({
      ...nothing,
      ok: true,
      event: { kind: 'renamed', group_name: 'New' },
      name: 'New',
    });
    expect(decide(2, { kind: 'rename', name: 'Old' })).toEqual(refused('no_change'));
    expect(decide(2, { kind: 'rename', name: 'old' })).toMatchObject({ ok: true });
    expect(decide(2, { kind: 'describe', description: '' })).toEqual({
      ...nothing,
      ok: true,
      event: { kind: 'described', description: '' },
      description: '',
    });
    expect(decide(2, { kind: 'describe', description: 'old' })).toEqual(refused('no_change'));
  });
});

describe('textOfAction', () => {
  it('G3 is the same for the same request only', () => {
    const texts = [
      ...ANY_ACTION,
      { kind: 'add', userIds: [7, 8] },
      { kind: 'add', userIds: [78] },
      { kind: 'remove', userId: 4 },
      { kind: 'rename', name: 'new' },
      { kind: 'describe', description: 'New' },
      { kind: 'role', userId: 3, role: 'member' },
    ].map((action) => textOfAction(action as GroupAction));
    expect(new Set(texts).size).toBe(texts.length);
    expect(textOfAction({ kind: 'add', userIds: [8, 7, 8] })).toBe(textOfAction({ kind: 'add', userIds: [7, 8] }));
    expect(textOfAction({ kind: 'add', userIds: [10, 9] })).toBe('["add",9,10]');
  });
});

describe('assertGroupChange', () => {
  const check = (fields: { clientId?: string; action?: GroupAction }) => () =>
    assertGroupChange({ conversationId: 1, actorId: 1, clientId: 'c', action: { kind: 'leave' }, atUs: 1, ...fields });

  it('G8 bounds what a change may carry', () => {
    const ids = Array.from({ length: 101 }, (_, i) => i + 1);
    check({ clientId: 'x'.repeat(64), action: { kind: 'add', userIds: ids.slice(0, 100) } })();
    check({ action: { kind: 'rename', name: 'x'.repeat(255) } })();
    check({ action: { kind: 'describe', description: 'x'.repeat(4_096) } })();
    for (const bad of [
      check({ clientId: '' }),
      check({ clientId: 'x'.repeat(65) }),
      check({ action: { kind: 'add', userIds: ids } }),
      check({ action: { kind: 'add', userIds: [] } }),
      check({ action: { kind: 'rename', name: 'x'.repeat(256) } }),
      check({ action: { kind: 'describe', description: 'x'.repeat(4_097) } }),
    ])
      expect(bad).toThrow(StoreError);
  });
});
