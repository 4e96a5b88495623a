import {
  conversationReaderContract,
  conversationStoreContract,
  groupStoreContract,
  initContract,
  messageStoreContract,
  receiptStoreContract,
} from '@parley/core/testing';
import { openSqliteHarness } from './sqlite-harness.ts';

messageStoreContract('SQLite', openSqliteHarness);
conversationStoreContract('SQLite', openSqliteHarness);
receiptStoreContract('SQLite', openSqliteHarness);
groupStoreContract('SQLite', openSqliteHarness);
initContract('SQLite', openSqliteHarness);
conversationReaderContract('SQLite', openSqliteHarness);
