import type { ChatMessage, ConversationItem, ConversationKind, Role } from './message.ts';
import type { SendHandle, SendStatus } from './send-handle.ts';

/** How far a member's devices have come. Times are milliseconds since the epoch, null while unknown. */
export interface Receipt {
  readonly userId: number;
  readonly deliveredSeq: number;
  readonly deliveredAtMs: number | null;
  readonly seenSeq: number;
  readonly seenAtMs: number | null;
}

export interface Member {
  readonly userId: number;
  readonly name: string;
  readonly role: Role;
}

/** A moment's state of a conversation. Replaced, never changed: fit for `useSyncExternalStore`. */
export interface ConversationSnapshot {
  readonly messages: readonly ConversationItem[];
  readonly pending: readonly SendHandle[];
  readonly unread: number;
  readonly hasOlder: boolean;
  readonly name: string | null;
  readonly typing: readonly number[];
  readonly members: readonly Member[] | null;
  readonly receipts: ReadonlyMap<number, Receipt>;
}

/** Answer to a change of a group: its place in the conversation. */
export interface ChangePlace {
  readonly seq: number;
  readonly messageId: number;
  readonly sentAtMs: number;
}

/**
 * The local replica of one conversation. What is asked of the server (promises) rejects with a `ChatError`; a rejection that nobody handles
 * is not reported by the runtime.
 */
export interface Conversation {
  readonly id: number;
  /** Null until the server has told. */
  readonly kind: ConversationKind | null;
  /** Of the group, or of the other person; null until the server has told. */
  readonly name: string | null;
  /** Of the group; empty if it has none. */
  readonly description: string;
  /** The other person of a personal conversation, else null. */
  readonly peerId: number | null;
  /** One's own role; null when one is not a member, or before the server has told. */
  readonly role: Role | null;
  /** In seq order, each once: the newest that are kept, without a gap. Messages and events of the group. */
  readonly messages: readonly ConversationItem[];
  /** One's own that are not acknowledged, in the order in which they will be sent. */
  readonly pending: readonly SendHandle[];
  /** Messages of others that one has not seen. 1,000 means that or more. */
  readonly unread: number;
  /** Up to here everything has been received; 0 if nothing. */
  readonly seq: number;
  /** There may be older ones than `messages` has. */
  readonly hasOlder: boolean;
  /** Who is typing now. */
  readonly typing: readonly number[];
  /** Null until `loadMembers()`; kept up to date from then on. */
  readonly members: readonly Member[] | null;
  /** Of the other members, as far as the server has told: by itself when they move, and all of them with `loadMembers()`. */
  readonly receipts: ReadonlyMap<number, Receipt>;
  /** As `conversation.messages` and so on, in one object that is the same until something changes. */
  readonly snapshot: ConversationSnapshot;
  /** Calls `listener` after changes, at most once per turn; returns a function that stops it. */
  subscribe(listener: () => void): () => void;

  /** Queues a text of 1 to 65,535 bytes; never throws. The same `clientId` again is the same message. */
  send(text: string, options?: { readonly clientId?: string }): SendHandle;
  /** Reads older messages, at most 200; resolves with how many came. Rejects with `window_full` beyond ten times `maxMessages`: `trim()` first. */
  loadOlder(limit?: number): Promise<number>;
  /** Forgets what `loadOlder` has brought. */
  trim(): void;
  /** Says that the user has seen everything up to `seq` (default: everything received). Told to the server now or when connected again. */
  markSeen(seq?: number): void;
  /** Call it at every key; what is sent is throttled, and ends by itself. `false`: stopped. */
  setTyping(active?: boolean): void;
  /** How far one of one's own messages has come, from the receipts. */
  statusOf(message: ChatMessage): Exclude<SendStatus, 'queued' | 'failed'>;
  /** Reads all members, and how far each has come. */
  loadMembers(): Promise<readonly Member[]>;

  /** Owners and admins. Those who are members already are passed over. */
  add(userIds: readonly number[]): Promise<ChangePlace>;
  remove(userId: number): Promise<ChangePlace>;
  leave(): Promise<ChangePlace>;
  rename(name: string): Promise<ChangePlace>;
  describe(description: string): Promise<ChangePlace>;
  /** Owners. */
  setRole(userId: number, role: Role): Promise<ChangePlace>;
  /** Owners: the other becomes the owner, oneself an admin. */
  transfer(userId: number): Promise<ChangePlace>;
}
