import type { OutboxStorage, StoredSend } from '../api/storage.ts';

/** Keeps the outbox for as long as the object lives. */
export function memoryStorage(): OutboxStorage {
  const sends = new Map<string, StoredSend>();
  return {
    load: async () => [...sends.values()],
    put: async (send) => void sends.set(send.clientId, send),
    remove: async (clientId) => void sends.delete(clientId),
    close: async () => undefined,
  };
}
