import {
  conversationReaderContract,
  conversationStoreContract,
  groupStoreContract,
  initContract,
  messageStoreContract,
  receiptStoreContract,
} from '@parley/core/testing';
import { openMysqlHarness } from './mysql-harness.ts';

messageStoreContract('MySQL', openMysqlHarness);
conversationStoreContract('MySQL', openMysqlHarness);
receiptStoreContract('MySQL', openMysqlHarness);
groupStoreContract('MySQL', openMysqlHarness);
initContract('MySQL', openMysqlHarness);
conversationReaderContract('MySQL', openMysqlHarness);
