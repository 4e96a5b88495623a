import { afterAll, describe, it } from 'vitest';
import { MYSQL_MIGRATIONS } from '../src/mysql/migrations.ts';
import { departuresStay, writeBeforeDepartures } from './departure-migration-cases.ts';
import { TestDatabase } from './mysql-harness.ts';
import { withSchemaOf } from './old-schema.ts';

describe('who had left a group before departures were written: MySQL', () => {
  const database = new TestDatabase();
  afterAll(() => database.drop());

  it('G7 knows it as it was at the migration, also when that is cut off and run again, and as it is once it was put back by an older node', async () => {
    const connection = await withSchemaOf(database, 3);
    const run = (text: string) => database.run(text);
    await writeBeforeDepartures(run);
    const departures = MYSQL_MIGRATIONS[3];
    if (departures === undefined) throw new Error('no such migration');
    // Cut off before it was noted.
    for (const statement of departures.statements) await connection.query(statement);
    connection.close();
    const stores = await database.open();
    await stores.migrate();
    await departuresStay(run, stores.reader);
  });
});
