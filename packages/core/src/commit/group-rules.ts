import type { ErrorName } from '@parley/protocol';
import type { GroupAction, GroupChange } from '../ports/group-store.ts';
import { assertAtMost, assertClientId, refusal, STORE_LIMITS } from '../store-limits.ts';
import type { GroupEvent, Role, UserId } from '../types.ts';

/** A group as it is at the moment of the change, under the lock of its head. */
export interface GroupFacts {
  readonly actorId: UserId;
  /** Null: not a present member. */
  readonly actorRole: Role | null;
  readonly name: string;
  readonly description: string;
  /** Present members, and owners among them. */
  readonly members: number;
  readonly owners: number;
  /** The users that the action names (`usersOf`), with their role; null: not a present member. */
  readonly targets: ReadonlyMap<UserId, Role | null>;
  /** Those of them that are no users at all. */
  readonly unknownUsers: readonly UserId[];
}

export type GroupRefusal = {
  readonly ok: false;
  readonly error: ErrorName;
  readonly unknown?: readonly UserId[];
};

export type GroupDecision =
  | {
      readonly ok: true;
      readonly event: GroupEvent;
      /** Become members (again), as `member`. */
      readonly joins: readonly UserId[];
      readonly leaves: readonly UserId[];
      /** New roles of present members. */
      readonly roles: ReadonlyMap<UserId, Role>;
      /** The group's new texts. */
      readonly name?: string;
      readonly description?: string;
    }
  | GroupRefusal;

/** What every `GroupStore.change` checks before it touches anything. */
export function assertGroupChange({ clientId, action }: GroupChange): void {
  assertClientId('group change', clientId);
  if (action.kind === 'add') {
    if (action.userIds.length === 0) throw refusal('group change: nobody to add');
    assertAtMost('users to add', action.userIds.length, STORE_LIMITS.maxGroupAdds);
  }
  if (action.kind === 'rename') assertAtMost('characters of a name', action.name.length, STORE_LIMITS.maxNameChars);
  if (action.kind === 'describe')
    assertAtMost('characters of a description', action.description.length, STORE_LIMITS.maxDescriptionChars);
}

/** The users that the action names, each once. */
export function usersOf(action: GroupAction): UserId[] {
  if (action.kind === 'add') return [...new Set(action.userIds)];
  return 'userId' in action ? [action.userId] : [];
}

/** A text that is the same for the same request, whatever the order of its users: what tells a repeat from a conflict (G3). */
export function textOfAction(action: GroupAction): string {
  switch (action.kind) {
    case 'add':
      return JSON.stringify(['add', ...usersOf(action).sort((a, b) => a - b)]);
    case 'remove':
    case 'transfer':
      return JSON.stringify([action.kind, action.userId]);
    case 'leave':
      return JSON.stringify(['leave']);
    case 'rename':
      return JSON.stringify(['rename', action.name]);
    case 'describe':
      return JSON.stringify(['describe', action.description]);
    case 'role':
      return JSON.stringify(['role', action.userId, action.role]);
  }
}

/**
 * Who may change what. Owners and admins add, rename and describe, and remove: an owner anybody, an admin members only. Owners give roles and transfer.
 * Anybody leaves, and removing oneself is leaving; a group that has members keeps an owner.
 */
export function decideGroupChange(action: GroupAction, facts: GroupFacts): GroupDecision {
  const { actorRole } = facts;
  if (actorRole === null) return refuse('not_a_member');
  switch (action.kind) {
    case 'leave':
      return leave(facts);
    case 'remove':
      return action.userId === facts.actorId ? leave(facts) : remove(action.userId, actorRole, facts);
    case 'role':
      return actorRole === 'owner' ? giveRole(action.userId, action.role, facts) : refuse('not_allowed');
    case 'transfer':
      return actorRole === 'owner' ? transfer(action.userId, facts) : refuse('not_allowed');
  }
  if (actorRole === 'member') return refuse('not_allowed');
  switch (action.kind) {
    case 'add':
      return add(usersOf(action), facts);
    case 'rename':
      if (action.name === facts.name) return refuse('no_change');
      return { ...decided({ kind: 'renamed', group_name: action.name }), name: action.name };
    case 'describe':
      if (action.description === facts.description) return refuse('no_change');
      return {
        ...decided({ kind: 'described', description: action.description }),
        description: action.description,
      };
  }
}

function add(userIds: readonly UserId[], { targets, unknownUsers, members }: GroupFacts): GroupDecision {
  if (unknownUsers.length > 0) return refuse('unknown_member', unknownUsers);
  const joins = userIds.filter((userId) => (targets.get(userId) ?? null) === null);
  if (joins.length === 0) return refuse('no_change');
  if (members + joins.length > STORE_LIMITS.maxGroupMembers) return refuse('group_full');
  return decided({ kind: 'added', user_id: joins }, { joins });
}

function remove(userId: UserId, actorRole: Role, { targets }: GroupFacts): GroupDecision {
  if (actorRole === 'member') return refuse('not_allowed');
  const role = targets.get(userId) ?? null;
  if (role === null) return refuse('no_change');
  if (actorRole === 'admin' && role !== 'member') return refuse('not_allowed');
  return decided({ kind: 'removed', user_id: userId }, { leaves: [userId] });
}

function leave({ actorId, actorRole, owners, members }: GroupFacts): GroupDecision {
  if (actorRole === 'owner' && owners === 1 && members > 1) return refuse('last_owner');
  return decided({ kind: 'left', user_id: actorId }, { leaves: [actorId] });
}

function giveRole(userId: UserId, role: Role, { targets, owners }: GroupFacts): GroupDecision {
  const present = targets.get(userId) ?? null;
  if (present === null) return refuse('unknown_member', [userId]);
  if (present === role) return refuse('no_change');
  if (present === 'owner' && owners === 1) return refuse('last_owner');
  return decided({ kind: 'role', user_id: userId, role }, { roles: new Map([[userId, role]]) });
}

function transfer(userId: UserId, { actorId, targets }: GroupFacts): GroupDecision {
  if (userId === actorId) return refuse('no_change');
  if ((targets.get(userId) ?? null) === null) return refuse('unknown_member', [userId]);
  const roles = new Map<UserId, Role>([
    [userId, 'owner'],
    [actorId, 'admin'],
  ]);
  return decided({ kind: 'transferred', user_id: userId, from: actorId }, { roles });
}

type Effects = {
  readonly joins?: readonly UserId[];
  readonly leaves?: readonly UserId[];
  readonly roles?: ReadonlyMap<UserId, Role>;
};

const decided = (event: GroupEvent, { joins = [], leaves = [], roles = new Map() }: Effects = {}) =>
  ({ ok: true, event, joins, leaves, roles }) as const;

const refuse = (error: ErrorName, unknown?: readonly UserId[]): GroupRefusal =>
  unknown === undefined ? { ok: false, error } : { ok: false, error, unknown };
