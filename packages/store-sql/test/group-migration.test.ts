import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SQLITE_MIGRATIONS } from '../src/sqlite/migrations.ts';
import { openSqliteStoreOn } from '../src/sqlite/open-sqlite-store.ts';
import { openDatabase } from '../src/sqlite/sqlite-database.ts';
import { groupGoesOn, writeBeforeGroups } from './group-migration-cases.ts';
import { temporaryFolder } from './sqlite-harness.ts';

it('members and messages of the first schema go on in this one: SQLite', async () => {
  const folder = temporaryFolder();
  const database = openDatabase(join(folder.path, 'parley.db'));
  for (const { version, name, statements } of SQLITE_MIGRATIONS.slice(0, 1)) {
    for (const statement of statements) database.exec(statement);
    database.exec(`INSERT INTO schema_migrations (version, name) VALUES (${version}, '${name}')`);
  }
  database.exec("INSERT INTO meta (name, value) VALUES ('epoch', 'e')");
  await writeBeforeGroups(async (text) => database.exec(text), '1700000000000000');
  const stores = openSqliteStoreOn(database);
  try {
    expect(await stores.migrate()).toEqual({ from: 1, to: SQLITE_MIGRATIONS.length });
    await groupGoesOn(stores);
  } finally {
    await stores.close();
    folder.remove();
  }
});
