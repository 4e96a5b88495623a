import type { Conversation, Receipt } from './conversation.ts';
import type { ChatEvent, ChatMessage } from './message.ts';
import type { SendHandle } from './send-handle.ts';
import type { ClientState } from './state.ts';

export interface Presence {
  readonly userId: number;
  readonly online: boolean;
  /** Milliseconds since the epoch; null if never, or unknown. */
  readonly lastSeenMs: number | null;
}

export interface MessageStatus {
  readonly messageId: number;
  readonly conversationId: number;
  readonly seq: number;
  readonly users: readonly {
    readonly userId: number;
    readonly status: 'sent' | 'delivered' | 'seen';
    readonly deliveredAtMs: number | null;
    readonly seenAtMs: number | null;
  }[];
}

/** What `client.on` can be asked for, with what the listener gets. */
export interface ChatClientEvents {
  state: [state: ClientState];
  /** A message has its place in its conversation: in seq order, each once. One's own, too, whichever device sent it. */
  message: [message: ChatMessage, conversation: Conversation];
  /** A group has changed. */
  event: [event: ChatEvent, conversation: Conversation];
  /** A conversation that this client had not heard of. */
  conversation: [conversation: Conversation];
  /** A send of this client has a new status, also one that an earlier run had queued. */
  send: [handle: SendHandle];
  receipt: [receipt: Receipt, conversation: Conversation];
  typing: [userId: number, active: boolean, conversation: Conversation];
  presence: [presence: Presence];
  /** The server's store was put back to an older copy, or is another: what was kept of the conversation is gone and is read again. */
  reset: [conversation: Conversation];
  /** Something went wrong that no promise tells: the storage, `getToken`, a receipt, a listener that threw. */
  error: [error: Error];
}

export interface ConversationPage {
  readonly conversations: readonly Conversation[];
  /** Pass it as `after` for the next page; null: this was the last. */
  readonly next: number | null;
}

export interface NewGroup {
  readonly name: string;
  /** Oneself need not be named. */
  readonly memberIds: readonly number[];
  readonly description?: string;
  /** Who joins later sees what was before. Default false. */
  readonly history?: boolean;
}

/**
 * One user's connection to a Parley cluster. It connects by itself, and again when the connection is lost, until `close()` or a final reason.
 * What is asked of the server (promises) rejects with a `ChatError`; a rejection that nobody handles is not reported by the runtime.
 */
export interface ChatClient {
  readonly state: ClientState;
  /** Null until the first welcome. */
  readonly user: { readonly id: number; readonly name: string } | null;
  /** Those that this client has heard of or asked for. */
  readonly conversations: ReadonlyMap<number, Conversation>;
  /** All that wait to be sent, also those of an earlier run, in order per conversation. */
  readonly pending: readonly SendHandle[];
  on<Name extends keyof ChatClientEvents>(name: Name, listener: (...args: ChatClientEvents[Name]) => void): () => void;
  /** Resolves when the state is `connected`; rejects when it ends in a final reason. */
  ready(): Promise<void>;
  /** The replica of a conversation; made if there is none. Whether it exists shows when something is asked of it. */
  conversation(conversationId: number): Conversation;
  /** The user's conversations, with names, unread counts and last messages. `limit` 1 to 100, default 50. */
  loadConversations(page?: { readonly after?: number; readonly limit?: number }): Promise<ConversationPage>;
  /** The conversation with one person; there is one per pair. */
  openPersonal(userId: number): Promise<Conversation>;
  createGroup(group: NewGroup): Promise<Conversation>;
  /** As `conversation(id).send(text)`. */
  send(conversationId: number, text: string, options?: { readonly clientId?: string }): SendHandle;
  messageStatus(messageId: number): Promise<MessageStatus>;
  /** Asks once, at most 100 people one shares a conversation with. */
  presence(userIds: readonly number[]): Promise<readonly Presence[]>;
  /** Told as `presence` events, at once and at each change, also over reconnects; at most 1,000 people. Returns a function that stops it. */
  watchPresence(userIds: readonly number[]): () => void;
  /** The other can send nothing into the personal conversation any more. */
  block(userId: number): Promise<void>;
  unblock(userId: number): Promise<void>;
  /** Connects now instead of later; also out of a final reason, but for `closed`. */
  reconnect(): void;
  /** Says goodbye, and leaves no timer, listener or socket. What waits in the outbox stays in the storage. Never rejects. */
  close(): Promise<void>;
}
