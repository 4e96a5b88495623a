export type { OutboxStorage, StoredSend } from './api/storage.ts';
export { fileStorage } from './storage/file.ts';
