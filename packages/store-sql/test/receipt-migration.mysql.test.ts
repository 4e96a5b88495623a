import { afterAll, describe, it } from 'vitest';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { TestDatabase } from './mysql-harness.ts';
import { withSchemaOf } from './old-schema.ts';
import { statusesGoOn, writeBeforeCursors } from './receipt-migration-cases.ts';

describe('statuses that were written message by message: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G6 keep their times when cursors take over, also when the migration is cut off and run again', async () => {
    const connection = await withSchemaOf(database, 2);
    await writeBeforeCursors(
      (text) => database.run(text),
      (seconds) => `'2026-01-02 03:04:0${seconds}'`,
    );
    const receipts = MYSQL_MIGRATIONS[2];
    if (receipts === undefined) throw new Error('no such migration');
    // Cut off before its last statement, and before it was noted.
    for (const statement of receipts.statements.slice(0, -1)) await connection.query(statement);
    connection.close();
    const stores = await database.open();
    await stores.migrate();
    await statusesGoOn(
      (text) => database.run(text),
      stores.receipts,
      `TIMESTAMPDIFF(SECOND, '2026-01-02 03:04:00', $)`,
      Date.UTC(2026, 0, 2, 3, 4, 0) * 1_000,
    );
  });
});
