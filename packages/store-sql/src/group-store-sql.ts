import { createHash } from 'node:crypto';
import {
  assertGroupChange,
  decideGroupChange,
  type GroupChange,
  type GroupChangeResult,
  type GroupDecision,
  type GroupEvent,
  type GroupFacts,
  type GroupStore,
  type MessageId,
  type Role,
  type Seq,
  textOfAction,
  type UserId,
  usersOf,
} from '@parley/core';
import { CompiledQuery, type Kysely, type Transaction } from 'kysely';
import { insertRequest } from './request-sql.ts';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded, inTransaction, Undone } from './transaction.ts';
import type { SqlUserStore } from './user-store-sql.ts';

/** The group under the lock of its head, and what its actor has stored under the client id of the change. */
interface GroupRow {
  readonly last_seq: number;
  readonly members_version: number;
  readonly history: number;
  readonly name: Text;
  readonly description: Text;
  readonly members: number;
  readonly owners: number;
  readonly first_seq: number | null;
  readonly first_id: number | null;
  readonly first_body: Text | null;
  readonly first_sent_us: number | null;
  readonly first_digest: Text | null;
}

type Decided = GroupDecision & { readonly ok: true };

/**
 * One transaction per change. It begins by moving the head, which takes the lock that `append` takes first: whoever holds it has the conversation's
 * members, roles and next seq to itself, and the two never wait for each other in a circle. A refusal rolls the head back.
 */
export class SqlGroupStore implements GroupStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;
  readonly #users: Pick<SqlUserStore, 'absent'>;
  readonly #groupText: string;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor, users: Pick<SqlUserStore, 'absent'>) {
    this.#db = db;
    this.#flavor = flavor;
    this.#users = users;
    const present = 'FROM members p WHERE p.conversation_id = c.id AND p.left_seq IS NULL';
    this.#groupText = `SELECT c.last_seq, c.members_version, c.history, ${flavor.text('c.name')} AS name, \
${flavor.text('c.description')} AS description, (SELECT COUNT(*) ${present}) AS members, \
(SELECT COUNT(*) ${present} AND p.role = 'owner') AS owners, m.seq AS first_seq, m.id AS first_id, \
${flavor.text('m.body')} AS first_body, ${flavor.microseconds('m.sent_at')} AS first_sent_us, ${flavor.text('r.digest')} AS first_digest \
FROM conversations c \
LEFT JOIN messages m ON m.conversation_id = c.id AND m.sender_id = ? AND m.client_id = ? \
LEFT JOIN requests r ON r.user_id = m.sender_id AND r.scope = c.id AND r.client_id = m.client_id AND m.is_event = 1 \
WHERE c.id = ?`;
  }

  async change(change: GroupChange): Promise<GroupChangeResult> {
    assertGroupChange(change);
    const refusal = await this.#refusalWithoutLock(change);
    if (refusal !== null) return refusal;
    // Users are never deleted, so this may be asked outside of the transaction.
    const unknown = change.action.kind === 'add' ? await this.#users.absent(change.action.userIds) : [];
    return guarded(this.#flavor, () =>
      inTransaction(this.#db, this.#flavor, (transaction) => this.#change(transaction, change, unknown)),
    );
  }

  /** Whoever never was a member of the group must not get at its lock. */
  async #refusalWithoutLock({ conversationId, actorId }: GroupChange): Promise<GroupChangeResult | null> {
    const row = await guarded(this.#flavor, () =>
      this.#db
        .selectFrom('members as m')
        .innerJoin('conversations as c', 'c.id', 'm.conversation_id')
        .select('c.kind')
        .where('m.user_id', '=', actorId)
        .where('m.conversation_id', '=', conversationId)
        .executeTakeFirst(),
    );
    if (row === undefined) return { kind: 'refused', error: 'not_a_member' };
    return row.kind === 'group' ? null : { kind: 'refused', error: 'wrong_conversation_type' };
  }

  async #change(
    transaction: Transaction<ChatSchema>,
    change: GroupChange,
    unknownUsers: readonly UserId[],
  ): Promise<GroupChangeResult | Undone<GroupChangeResult>> {
    const { conversationId, action } = change;
    await transaction
      .updateTable('conversations')
      .set((expression) => ({ last_seq: expression('last_seq', '+', 1) }))
      .where('id', '=', conversationId)
      .execute();
    const group = await this.#group(transaction, change);
    const digest = createHash('sha256').update(textOfAction(action)).digest('hex');
    const repeat = repeatOf(group, digest);
    if (repeat !== null) return new Undone(repeat);
    const named = await this.#named(transaction, change);
    const decision = decideGroupChange(action, factsOf(change, group, named, unknownUsers));
    if (!decision.ok) {
      const { error, unknown } = decision;
      return new Undone(unknown === undefined ? { kind: 'refused', error } : { kind: 'refused', error, unknown });
    }
    const seq = group.last_seq;
    const messageId = await this.#insertEvent(transaction, change, seq, decision.event);
    const known = new Set(named.keys());
    await this.#applyMembers(transaction, conversationId, decision, { seq, known, group });
    const membersVersion = await this.#applyGroup(transaction, conversationId, decision, group.members_version);
    const request = { userId: change.actorId, clientId: change.clientId, digest };
    await insertRequest(transaction, this.#flavor, {
      ...request,
      scope: conversationId,
      conversationId,
      created: false,
    });
    return { kind: 'changed', seq, messageId, sentAtUs: change.atUs, membersVersion, event: decision.event };
  }

  async #group(transaction: Transaction<ChatSchema>, change: GroupChange): Promise<GroupRow> {
    const values = [change.actorId, this.#flavor.clientId(change.clientId), change.conversationId];
    const { rows } = await transaction.executeQuery<GroupRow>(CompiledQuery.raw(this.#groupText, values));
    return rows[0] as GroupRow;
  }

  /** The actor and the users that the action names, as far as they are or were members; null: no longer. */
  async #named(
    transaction: Transaction<ChatSchema>,
    { conversationId, actorId, action }: GroupChange,
  ): Promise<Map<UserId, Role | null>> {
    const rows = await transaction
      .selectFrom('members')
      .select(['user_id', 'role', 'left_seq'])
      .where('conversation_id', '=', conversationId)
      .where('user_id', 'in', [...new Set([actorId, ...usersOf(action)])])
      .execute();
    return new Map(rows.map((row) => [row.user_id, row.left_seq === null ? row.role : null]));
  }

  async #insertEvent(
    transaction: Transaction<ChatSchema>,
    change: GroupChange,
    seq: Seq,
    event: GroupEvent,
  ): Promise<MessageId> {
    const inserted = await transaction
      .insertInto('messages')
      .values({
        conversation_id: change.conversationId,
        seq,
        sender_id: change.actorId,
        recipient_id: null,
        client_id: this.#flavor.clientId(change.clientId),
        body: JSON.stringify(event),
        sent_at: this.#flavor.time(change.atUs),
        is_event: 1,
      })
      .executeTakeFirstOrThrow();
    return Number(inserted.insertId);
  }

  async #applyMembers(
    transaction: Transaction<ChatSchema>,
    conversationId: number,
    { joins, leaves, roles }: Decided,
    { seq, known, group }: { readonly seq: Seq; readonly known: ReadonlySet<UserId>; readonly group: GroupRow },
  ): Promise<void> {
    const update = (fields: Partial<MemberChange>, userIds: readonly UserId[]) =>
      transaction
        .updateTable('members')
        .set(fields)
        .where('conversation_id', '=', conversationId)
        .where('user_id', 'in', userIds)
        .execute();
    // The members' times are their receipts' business: what was before is not pending, and nobody says that it was delivered.
    const joined = { joined_seq: group.history === 1 ? 0 : seq - 1, added_seq: seq - 1, delivered_seq: seq - 1 };
    const again = joins.filter((userId) => known.has(userId));
    if (again.length > 0) await update({ ...joined, ...ANEW, role: 'member' }, again);
    // Sorted: foreign keys lock the users' rows, everywhere in the same order.
    const fresh = joins.filter((userId) => !known.has(userId)).sort((a, b) => a - b);
    if (fresh.length > 0) {
      const rows = fresh.map((userId) => {
        return { user_id: userId, conversation_id: conversationId, role: 'member', ...joined } as const;
      });
      await transaction.insertInto('members').values(rows).execute();
    }
    // All that they may know of the group from now on.
    const left = { left_name: asText(group.name), left_description: asText(group.description) };
    const members = group.members - leaves.length;
    if (leaves.length > 0) await update({ left_seq: seq, ...left, left_members: members }, leaves);
    for (const [userId, role] of [...roles].sort(([a], [b]) => a - b)) await update({ role }, [userId]);
  }

  /** @returns the members' version from now on */
  async #applyGroup(
    transaction: Transaction<ChatSchema>,
    conversationId: number,
    { joins, leaves, name, description }: Decided,
    membersVersion: number,
  ): Promise<number> {
    const version = membersVersion + (joins.length + leaves.length > 0 ? 1 : 0);
    const fields = {
      ...(version === membersVersion ? {} : { members_version: version }),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
    };
    if (Object.keys(fields).length > 0)
      await transaction.updateTable('conversations').set(fields).where('id', '=', conversationId).execute();
    return version;
  }
}

interface MemberChange {
  readonly role: Role;
  readonly joined_seq: number;
  readonly left_seq: number | null;
  readonly left_name: string | null;
  readonly left_description: string | null;
  readonly left_members: number | null;
  readonly added_seq: number;
  readonly delivered_seq: number;
  readonly delivered_at: null;
  readonly seen_at: null;
}

const PRESENT = { left_seq: null, left_name: null, left_description: null, left_members: null } as const;
/** The times were those of an earlier membership. */
const ANEW = { ...PRESENT, delivered_at: null, seen_at: null } as const;

const factsOf = (
  { actorId, action }: GroupChange,
  group: GroupRow,
  named: ReadonlyMap<UserId, Role | null>,
  unknownUsers: readonly UserId[],
): GroupFacts => ({
  actorId,
  actorRole: named.get(actorId) ?? null,
  name: asText(group.name),
  description: asText(group.description),
  members: group.members,
  owners: group.owners,
  targets: new Map(usersOf(action).map((userId) => [userId, named.get(userId) ?? null])),
  unknownUsers,
});

/** What the client id was used for before: this change, or something else. */
function repeatOf(group: GroupRow, digest: string): GroupChangeResult | null {
  const { first_seq: seq, first_id: messageId, first_body: body, first_sent_us: sentAtUs, first_digest } = group;
  if (seq === null || messageId === null || body === null || sentAtUs === null) return null;
  if (first_digest === null || asText(first_digest) !== digest) return { kind: 'refused', error: 'client_id_conflict' };
  const event = JSON.parse(asText(body)) as GroupEvent;
  return { kind: 'duplicate', seq, messageId, sentAtUs, membersVersion: group.members_version, event };
}
