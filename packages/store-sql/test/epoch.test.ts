import { join } from 'node:path';
import { openSqliteStore } from '../src/index.ts';
import { epochCases } from './epoch-cases.ts';
import { temporaryFolder } from './sqlite-harness.ts';

epochCases('SQLite', async () => {
  const folder = temporaryFolder();
  const stores = await openSqliteStore({ path: join(folder.path, 'parley.db') });
  const close = async () => {
    await stores.close();
    folder.remove();
  };
  return { stores, another: stores, close };
});
