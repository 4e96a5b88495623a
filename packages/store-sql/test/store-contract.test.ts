import {
  conversationStoreContract,
  groupStoreContract,
  messageStoreContract,
  receiptStoreContract,
} from '@parley/core/testing';
import { openSqliteHarness } from './sqlite-harness.ts';

messageStoreContract('SQLite', openSqliteHarness);
conversationStoreContract('SQLite', openSqliteHarness);
receiptStoreContract('SQLite', openSqliteHarness);
groupStoreContract('SQLite', openSqliteHarness);
