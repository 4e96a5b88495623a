/**
 * The engine of Parley: `ChatNode` is one node, and everything it needs comes in through ports (`src/ports`, each with its promise), of which the real
 * in-memory forms are here too. It knows no WebSocket library, Redis, MySQL, environment or wall clock.
 */
export { ChatNode, type ChatNodeStatus } from './chat-node.ts';
export {
  assertGroupChange,
  decideGroupChange,
  type GroupDecision,
  type GroupFacts,
  textOfAction,
  usersOf,
} from './commit/group-rules.ts';
export { MemoryNetwork, type MemoryNode } from './memory/memory-network.ts';
export { MemoryState } from './memory/memory-state.ts';
export { createMemoryStores, type MemoryStores } from './memory/memory-stores.ts';
export type { ChatNodeDependencies } from './node-wiring.ts';
export type { Authenticator, Identity } from './ports/authenticator.ts';
export type { Bus, BusEvents } from './ports/bus.ts';
export type { CancelTimer, Clock } from './ports/clock.ts';
export type { AcceptConnection, Connection, ConnectionHandler } from './ports/connection.ts';
export type {
  ConversationReader,
  ConversationSummary,
  MemberCursor,
  MemberInfo,
  MessageStatusReport,
  PageRequest,
  RecipientStatus,
  SummarySelection,
} from './ports/conversation-reader.ts';
export type {
  ConversationStore,
  InitRequest,
  InitResult,
  NewGroup,
  SignInUser,
  UserProfile,
} from './ports/conversation-store.ts';
export type { Directory } from './ports/directory.ts';
export type { GroupAction, GroupChange, GroupChangeResult, GroupStore } from './ports/group-store.ts';
export {
  type AppendOutcome,
  type AppendResult,
  type AppendRow,
  type FirstMessage,
  type LateHead,
  type MessageStore,
  type ReadRange,
  StoreError,
} from './ports/message-store.ts';
export type {
  DeliveredReceipt,
  ReceiptBatch,
  ReceiptStore,
  SeenReceipt,
  SeenUptoReceipt,
  StatusChange,
} from './ports/receipt-store.ts';
export type { HintKind, Log, NoticeKind, Protocol, ResetReason, Telemetry } from './ports/telemetry.ts';
export { type MemberReceipts, receiptsByMember } from './receipts/receipt-plan.ts';
export {
  decideReceipts,
  type ExactSeen,
  type MemberStanding,
  type ReceiptCursors,
  type ReceiptStep,
  statusChange,
} from './receipts/receipt-step.ts';
export { type ChatNodeSettings, DEFAULT_SETTINGS } from './settings.ts';
export {
  assertAppendable,
  assertAtMost,
  assertCursors,
  assertGroupMembers,
  assertMembersPage,
  assertPage,
  assertPair,
  assertRequest,
  assertSummaries,
  refusal,
  STORE_LIMITS,
} from './store-limits.ts';
export * from './types.ts';
