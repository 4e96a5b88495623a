import { DatabaseInUseError } from '@parley/store-sql';
import type { EdgeConfig } from '../config.ts';
import { openStores } from '../stores.ts';
import { remoteOperatorStore } from './operator-client.ts';
import { operatorSocketPath } from './operator-socket-path.ts';
import { type OperatorStore, operatorStore } from './operator-store.ts';

export interface OpenOperatorStore {
  readonly store: OperatorStore;
  close(): Promise<void>;
}

/**
 * The store that the configuration names, for operators: opened, or asked of the node that has it open. The embedded store is made, or brought
 * up to date, when it is needed; a database server's schema must be this build's.
 * Rejects with a `SchemaError`, a `StoreError`, or a `DatabaseInUseError` when a node has the store open and cannot be asked.
 */
export async function openOperatorStore(config: EdgeConfig): Promise<OpenOperatorStore> {
  try {
    const stores = await openStores(config);
    try {
      if (config.store.kind === 'sqlite') await stores.migrate();
      else await stores.assertSchema();
    } catch (error) {
      await stores.close();
      throw error;
    }
    return { store: operatorStore(stores), close: () => stores.close() };
  } catch (error) {
    const path = config.store.kind === 'sqlite' ? operatorSocketPath(config.store.dataDir) : null;
    if (!(error instanceof DatabaseInUseError) || path === null) throw error;
    return { store: remoteOperatorStore(path), close: async () => undefined };
  }
}
