import type { OutboxStorage, StoredSend } from '../api/storage.ts';

const STORE = 'outbox';
const BY_CLIENT_ID = 'clientId';

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * Keeps the outbox in the browser, shared by all tabs of one origin. A `put` resolves when it is on the disk.
 * @param name sends under the same name are the same outbox: one per server and user
 */
export function indexedDbStorage(name: string, factory: IDBFactory = indexedDB): OutboxStorage {
  let opened: Promise<IDBDatabase> | null = null;
  const open = (): Promise<IDBDatabase> => {
    const request = factory.open(`parley ${name}`, 1);
    request.onupgradeneeded = () => {
      // The key is the order, over all tabs.
      const store = request.result.createObjectStore(STORE, { autoIncrement: true });
      store.createIndex(BY_CLIENT_ID, 'clientId', { unique: true });
    };
    return done(request);
  };
  // Transactions on one store run in the order in which they are made, so these take effect in the order of the calls.
  const write = async (change: (store: IDBObjectStore, key: IDBValidKey | undefined) => void, clientId: string) => {
    opened ??= open();
    const transaction = (await opened).transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    const found = store.index(BY_CLIENT_ID).getKey(clientId);
    found.onsuccess = () => change(store, found.result);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  };
  return {
    sharedName: name,
    load: async () => {
      opened ??= open();
      return done<StoredSend[]>((await opened).transaction(STORE).objectStore(STORE).getAll());
    },
    put: (send) => write((store, key) => void store.put(send, key), send.clientId),
    remove: (clientId) => write((store, key) => void (key === undefined || store.delete(key)), clientId),
    close: async () => {
      (await opened)?.close();
    },
  };
}
