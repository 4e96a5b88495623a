import type { SqlFlavor } from '../sql-flavor.ts';
import { isUniqueViolation, sqliteFailure } from './sqlite-error.ts';

export const sqliteFlavor: SqlFlavor = {
  time: (atUs) => atUs,
  microseconds: (column) => column,
  // libsql ends a TEXT value at its first \0; bytes come whole.
  text: (column) => `CAST(${column} AS BLOB)`,
  byIndex: () => '',
  clientId: (clientId) => clientId,
  insertAbsentUsers: async (db, users) => {
    await db
      .insertInto('users')
      .values([...users])
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },
  isDuplicate: isUniqueViolation,
  // One connection: nobody to be in each other's way.
  isDeadlock: () => false,
  failure: sqliteFailure,
};
