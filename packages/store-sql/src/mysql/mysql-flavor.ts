import type { SqlFlavor } from '../sql-flavor.ts';
import { isDeadlock, isDuplicateEntry, mysqlFailure } from './mysql-error.ts';
import { dateTime } from './sql-text.ts';

/** Session time zone is UTC. `TIMESTAMPDIFF` gives an integer, so that no microsecond passes through a `Date` or a float. */
export const mysqlFlavor: SqlFlavor = {
  time: dateTime,
  microseconds: (column) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', ${column})`,
  text: (column) => column,
  byIndex: (index) => ` FORCE INDEX (${index})`,
  clientId: (clientId) => Buffer.from(clientId, 'utf8'),
  insertAbsentUsers: async (db, users) => {
    // Not INSERT IGNORE, which would also cut what does not fit.
    await db
      .insertInto('users')
      .values([...users])
      .onDuplicateKeyUpdate(({ ref }) => ({ id: ref('users.id') }))
      .execute();
  },
  isDuplicate: isDuplicateEntry,
  isDeadlock,
  failure: mysqlFailure,
};
