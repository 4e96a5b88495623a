import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SQLITE_MIGRATIONS } from '../src/sqlite/migrations.ts';
import { openSqliteStoreOn } from '../src/sqlite/open-sqlite-store.ts';
import { openDatabase } from '../src/sqlite/sqlite-database.ts';
import { statusesGoOn, writeBeforeCursors } from './receipt-migration-cases.ts';
import { temporaryFolder } from './sqlite-harness.ts';

it('G6 statuses that were written message by message keep their times when cursors take over: SQLite', async () => {
  const folder = temporaryFolder();
  const database = openDatabase(join(folder.path, 'parley.db'));
  const run = async <Row>(text: string): Promise<Row[]> => {
    const statement = database.prepare(text);
    if (statement.reader) return statement.all([]) as Row[];
    statement.run([]);
    return [];
  };
  for (const { version, name, statements } of SQLITE_MIGRATIONS.slice(0, 2)) {
    for (const statement of statements) database.exec(statement);
    await run(`INSERT INTO schema_migrations (version, name) VALUES (${version}, '${name}')`);
  }
  await run("INSERT INTO meta (name, value) VALUES ('epoch', 'e')");
  await writeBeforeCursors(run, (seconds) => `${seconds * 1_000_000}`);
  const stores = openSqliteStoreOn(database);
  try {
    expect(await stores.migrate()).toEqual({ from: 2, to: SQLITE_MIGRATIONS.length });
    await statusesGoOn(run, stores.receipts, '$ / 1000000', 0);
  } finally {
    await stores.close();
    folder.remove();
  }
});
