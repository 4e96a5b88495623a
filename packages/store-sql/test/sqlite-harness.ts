import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CursorRow, StatusRow, StoreHarness } from '@parley/core/testing';
import type { SqlStores } from '../src/index.ts';
import { openSqliteStoreOn } from '../src/sqlite/open-sqlite-store.ts';
import { openDatabase } from '../src/sqlite/sqlite-database.ts';

export const temporaryFolder = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** Looks at the tables through the store's own connection, since no other can be opened. */
export const openSqliteHarness = async (): Promise<StoreHarness & SqlStores> => {
  const folder = temporaryFolder();
  const database = openDatabase(join(folder.path, 'parley.db'));
  const stores = openSqliteStoreOn(database);
  await stores.migrate();
  return {
    ...stores,
    another: async () => stores,
    statuses: async (conversationId) =>
      database
        .prepare(
          'SELECT seq, status, delivered_at AS deliveredAtUs, seen_at AS seenAtUs FROM message_status WHERE conversation_id = ? ORDER BY seq',
        )
        .all([conversationId]) as StatusRow[],
    cursors: async (userId, conversationId) =>
      database
        .prepare(
          `SELECT delivered_seq AS deliveredSeq, delivered_at AS deliveredAtUs, seen_seq AS seenSeq, seen_at AS seenAtUs
           FROM members WHERE user_id = ? AND conversation_id = ?`,
        )
        .all([userId, conversationId])[0] as CursorRow,
    removeMember: async (conversationId, userId) => {
      database
        .prepare(
          `UPDATE members SET left_seq = (SELECT last_seq FROM conversations WHERE id = conversation_id)
           WHERE conversation_id = ? AND user_id = ?`,
        )
        .run([conversationId, userId]);
      database
        .prepare('UPDATE conversations SET members_version = members_version + 1 WHERE id = ?')
        .run([conversationId]);
    },
    close: async () => {
      await stores.close();
      folder.remove();
    },
  };
};
