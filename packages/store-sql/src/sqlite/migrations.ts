import type { Migration } from '../migrator.ts';
import { migration as chat } from './migrations/0001-chat.ts';
import { migration as groups } from './migrations/0002-groups.ts';
import { migration as receipts } from './migrations/0003-receipts.ts';
import { migration as departures } from './migrations/0004-departures.ts';

/** In order; a released one is never changed. */
export const SQLITE_MIGRATIONS: readonly Migration[] = [chat, groups, receipts, departures];
