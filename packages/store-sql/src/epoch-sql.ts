import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded, inTransaction } from './transaction.ts';

export interface EpochChange {
  readonly before: string;
  readonly after: string;
}

/** Rejects with a `StoreError`. */
export const readEpoch = (db: Kysely<ChatSchema>, flavor: SqlFlavor): Promise<string> =>
  guarded(flavor, () => storedEpoch(db));

/** Rejects with a `StoreError`; when its outcome is unknown, the epoch may be new, and to renew it once more does no harm. */
export const renewEpoch = (db: Kysely<ChatSchema>, flavor: SqlFlavor): Promise<EpochChange> =>
  guarded(flavor, () =>
    inTransaction(db, flavor, async (transaction) => {
      const epochRow = transaction.updateTable('meta').where('name', '=', 'epoch');
      // Locks the row on every dialect: of two operators at the same time, the later one is told what the earlier one has made.
      await epochRow.set((meta) => ({ value: meta.ref('value') })).execute();
      const before = await storedEpoch(transaction);
      const after = randomUUID();
      await epochRow.set({ value: after }).execute();
      return { before, after };
    }),
  );

async function storedEpoch(db: Kysely<ChatSchema>): Promise<string> {
  return (await db.selectFrom('meta').select('value').where('name', '=', 'epoch').executeTakeFirstOrThrow()).value;
}
