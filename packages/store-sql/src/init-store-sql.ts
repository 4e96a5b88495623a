import {
  assertGroupMembers,
  assertPair,
  assertRequest,
  type ConversationId,
  type ConversationKind,
  type InitRequest,
  type InitResult,
  type NewGroup,
  StoreError,
  type UserId,
} from '@parley/core';
import type { Kysely } from 'kysely';
import { pairKeyOf } from './membership-sql.ts';
import { insertInit, repeatedInit } from './request-sql.ts';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded, inTransaction, Undone } from './transaction.ts';
import type { SqlUserStore } from './user-store-sql.ts';

/** Who loses a race finds what the winner stored; it loses a second one only when there are two to lose. */
const MAX_RACES = 4;

interface NewConversation {
  readonly kind: ConversationKind;
  readonly name: string;
  readonly description: string;
  readonly pairKey: string | null;
  readonly ownerId: UserId | null;
  readonly memberIds: readonly UserId[];
  readonly history: boolean;
  readonly request: InitRequest | undefined;
}

/** The part of a `ConversationStore` that makes conversations, and blocks. */
export class SqlInitStore {
  readonly #db: Kysely<ChatSchema>;
  readonly #flavor: SqlFlavor;
  readonly #users: SqlUserStore;

  constructor(db: Kysely<ChatSchema>, flavor: SqlFlavor, users: SqlUserStore) {
    this.#db = db;
    this.#flavor = flavor;
    this.#users = users;
  }

  async openPersonal(a: UserId, b: UserId, request?: InitRequest): Promise<InitResult> {
    assertPair('openPersonal', a, b);
    assertRequest(request, [a, b]);
    const pairKey = pairKeyOf(a, b);
    const fields = { kind: 'personal', name: '', description: '', pairKey, ownerId: null, history: false } as const;
    return this.#racing(request, async () => {
      const existing = await this.#byPair(pairKey);
      if (existing === null) return this.#create({ ...fields, memberIds: [a, b], request });
      const result = { conversationId: existing, created: false };
      if (request !== undefined) await guarded(this.#flavor, () => insertInit(this.#db, this.#flavor, request, result));
      return { ok: true, ...result, duplicate: false };
    });
  }

  async createGroup(group: NewGroup): Promise<InitResult> {
    const { creatorId: ownerId, memberIds, name, description, history = false, request } = group;
    assertGroupMembers(ownerId, memberIds);
    assertRequest(request, [ownerId]);
    const fields = { kind: 'group', name, description, pairKey: null, ownerId, memberIds, history, request } as const;
    return this.#racing(request, () => this.#create(fields));
  }

  async setBlocked(blockerId: UserId, blockedId: UserId, blocked: boolean): Promise<InitResult> {
    const opened = await this.openPersonal(blockerId, blockedId);
    if (!opened.ok) return opened;
    const { conversationId } = opened;
    const flag = blocked ? 1 : 0;
    await guarded(this.#flavor, () =>
      inTransaction(this.#db, this.#flavor, async (transaction) => {
        // The lock of the head comes first, as in every transaction that changes a conversation.
        await transaction
          .updateTable('conversations')
          .set((expression) => ({ members_version: expression('members_version', '+', 1) }))
          .where('id', '=', conversationId)
          .execute();
        const { numUpdatedRows } = await transaction
          .updateTable('members')
          .set({ blocked: flag })
          .where('user_id', '=', blockedId)
          .where('conversation_id', '=', conversationId)
          .where('blocked', '<>', flag)
          .executeTakeFirstOrThrow();
        return numUpdatedRows === 0n ? new Undone(undefined) : undefined;
      }),
    );
    return opened;
  }

  /** Answers a repeat, else runs `init`; once more when a unique key has refused that: somebody else was first. */
  async #racing(request: InitRequest | undefined, init: () => Promise<InitResult>): Promise<InitResult> {
    for (let race = 1; ; race += 1) {
      const repeated = await repeatedInit(this.#db, this.#flavor, request);
      if (repeated !== null) return repeated;
      try {
        return await init();
      } catch (error) {
        const lost = error instanceof StoreError && this.#flavor.isDuplicate(error.cause);
        if (!lost || race === MAX_RACES) throw error;
      }
    }
  }

  async #byPair(pairKey: string): Promise<ConversationId | null> {
    const row = await guarded(this.#flavor, () =>
      this.#db.selectFrom('conversations').select('id').where('pair_key', '=', pairKey).executeTakeFirst(),
    );
    return row?.id ?? null;
  }

  async #create(fields: NewConversation): Promise<InitResult> {
    const { kind, name, description, pairKey, ownerId, history, request } = fields;
    const unknown = await this.#users.absent(fields.memberIds);
    if (unknown.length > 0) return { ok: false, unknown };
    const conversationId = await guarded(this.#flavor, () =>
      inTransaction(this.#db, this.#flavor, async (transaction) => {
        const inserted = await transaction
          .insertInto('conversations')
          .values({ kind, name, description, pair_key: pairKey, members_version: 1, history: history ? 1 : 0 })
          .executeTakeFirstOrThrow();
        const id = Number(inserted.insertId);
        // Sorted: foreign keys lock the users' rows, everywhere in the same order.
        const members = [...fields.memberIds]
          .sort((a, b) => a - b)
          .map((userId) => ({
            user_id: userId,
            conversation_id: id,
            role: userId === ownerId ? ('owner' as const) : ('member' as const),
          }));
        await transaction.insertInto('members').values(members).execute();
        if (request !== undefined)
          await insertInit(transaction, this.#flavor, request, { conversationId: id, created: true });
        return id;
      }),
    );
    return { ok: true, conversationId, created: true, duplicate: false };
  }
}
