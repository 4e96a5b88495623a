import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SQLITE_MIGRATIONS } from '../src/sqlite/migrations.ts';
import { openSqliteStoreOn } from '../src/sqlite/open-sqlite-store.ts';
import { openDatabase } from '../src/sqlite/sqlite-database.ts';
import { departuresStay, writeBeforeDepartures } from './departure-migration-cases.ts';
import { temporaryFolder } from './sqlite-harness.ts';

it('G7 who had left a group before departures were written knows it as it was at the migration, and as it is once it was put back by an older node: SQLite', async () => {
  const folder = temporaryFolder();
  const database = openDatabase(join(folder.path, 'parley.db'));
  const run = async (text: string): Promise<void> => database.exec(text);
  for (const { version, name, statements } of SQLITE_MIGRATIONS.slice(0, 3)) {
    for (const statement of statements) database.exec(statement);
    await run(`INSERT INTO schema_migrations (version, name) VALUES (${version}, '${name}')`);
  }
  await run("INSERT INTO meta (name, value) VALUES ('epoch', 'e')");
  await writeBeforeDepartures(run);
  const stores = openSqliteStoreOn(database);
  try {
    expect(await stores.migrate()).toEqual({ from: 3, to: SQLITE_MIGRATIONS.length });
    await departuresStay(run, stores.reader);
  } finally {
    await stores.close();
    folder.remove();
  }
});
