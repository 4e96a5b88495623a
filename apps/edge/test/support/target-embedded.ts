import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '@parley/store-sql';
import { loadConfig, openOperatorStore, SQLITE_FILE } from '../../src/index.ts';
import { EdgeProcess } from './edge-process.ts';
import { sqliteSnapshots } from './sqlite-snapshot.ts';
import { StoreView } from './store-view.ts';
import { Target, type TargetOptions, TEST_SETTINGS } from './target.ts';

/** One node on the embedded store, in a temporary folder. */
export async function startEmbedded(options: TargetOptions = {}): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-embedded-'));
  const started: EdgeProcess[] = [];
  const startIn = async (dataDir: string, env: Readonly<Record<string, string>>): Promise<EdgeProcess> => {
    mkdirSync(dataDir);
    if (started.length === 0 && options.prepare !== undefined) await fill(dataDir, options.prepare);
    const node = await EdgeProcess.start({ ...TEST_SETTINGS, PARLEY_DATA_DIR: dataDir, ...env });
    started.push(node);
    return node;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((node) => node.stop()));
    rmSync(folder, { recursive: true });
  };
  try {
    const dataDir = join(folder, '0');
    const node = await startIn(dataDir, options.env ?? {});
    return new Target({
      nodes: [node],
      store: new StoreView(sqliteSnapshots(join(dataDir, SQLITE_FILE)), (column) => column),
      startNode: (env) => startIn(join(folder, String(started.length)), env),
      nameUser: async (userId, name) => {
        const operator = await openOperatorStore(loadConfig({ PARLEY_DATA_DIR: dataDir }));
        await operator.store.ensureUser(userId, name);
        await operator.close();
      },
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function fill(dataDir: string, prepare: NonNullable<TargetOptions['prepare']>): Promise<void> {
  const stores = await openSqliteStore({ path: join(dataDir, SQLITE_FILE) });
  await stores.migrate();
  await prepare(stores);
  await stores.close();
}
