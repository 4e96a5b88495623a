import { join } from 'node:path';
import { openSqliteStore } from '../src/index.ts';
import { inspectorCases } from './inspector-cases.ts';
import { temporaryFolder } from './sqlite-harness.ts';

inspectorCases('SQLite', async () => {
  const folder = temporaryFolder();
  const stores = await openSqliteStore({ path: join(folder.path, 'parley.db') });
  return {
    stores,
    close: async () => {
      await stores.close();
      folder.remove();
    },
  };
});
