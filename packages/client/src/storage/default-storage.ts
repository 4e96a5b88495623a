import type { ChatClientOptions } from '../api/options.ts';
import type { OutboxStorage } from '../api/storage.ts';
import type { Environment } from '../environment.ts';
import { indexedDbStorage } from './indexed-db.ts';
import { memoryStorage } from './memory.ts';

/** One outbox per server and user, where the browser keeps it. */
export function defaultStorage({ url, userId }: ChatClientOptions, { indexedDB }: Environment): OutboxStorage {
  return indexedDB === null ? memoryStorage() : indexedDbStorage(`${url} ${userId ?? ''}`, indexedDB);
}
