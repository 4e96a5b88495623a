/**
 * What proves an implementation of a port: a contract suite for each, to be called with a factory in a test of its package. And what tests of the whole are
 * made of: a clock, connections and a network that do nothing by themselves.
 */
export { busContract } from './bus-contract.ts';
export { type BusFaults, type BusHarness, type BusNode, RecordedEvents, sortedIds } from './bus-harness.ts';
export { conversationReaderContract } from './conversation-reader-contract.ts';
export { conversationStoreContract } from './conversation-store-contract.ts';
export { directoryContract } from './directory-contract.ts';
export { FakeClock } from './fake-clock.ts';
export { FakeConnection } from './fake-connection.ts';
export { groupStoreContract } from './group-store-contract.ts';
export { initContract } from './init-contract.ts';
export { messageStoreContract } from './message-store-contract.ts';
export { Random, testSeed } from './random.ts';
export { batch, delivered, seen, seenUpto } from './receipt-builders.ts';
export { type LoadClients, type LoadConversation, type ReceiptLoadReport, runReceiptLoad } from './receipt-load.ts';
export { receiptStoreContract } from './receipt-store-contract.ts';
export { SeededNetwork, type SeededNetworkOptions } from './seeded-network.ts';
export type { SeededNode } from './seeded-node.ts';
export { SeededDatabase } from './seeded-stores.ts';
export {
  allBodies,
  appendRetrying,
  type CursorRow,
  changed,
  changeRetrying,
  commit,
  newUserId,
  type OpenHarness,
  Room,
  type StatusRow,
  type StoreHarness,
  type Stores,
} from './store-harness.ts';
export { TestCluster, type TestNode } from './test-cluster.ts';
export { CountingTelemetry, silentLog, trustingAuthenticator } from './test-doubles.ts';
