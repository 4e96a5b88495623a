import type { MessageStatus } from '../memory/memory-state.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { GroupAction, GroupChange, GroupChangeResult, GroupStore } from '../ports/group-store.ts';
import {
  type AppendOutcome,
  type AppendResult,
  type AppendRow,
  type MessageStore,
  StoreError,
} from '../ports/message-store.ts';
import type { ReceiptStore } from '../ports/receipt-store.ts';
import type { ConversationId, ConversationKind, Seq, TimeUs, UserId } from '../types.ts';

export interface Stores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
}

export interface StatusRow {
  readonly seq: Seq;
  readonly status: MessageStatus;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenAtUs: TimeUs | null;
}

export interface CursorRow {
  readonly deliveredSeq: Seq;
  readonly deliveredAtUs: TimeUs | null;
  readonly seenSeq: Seq;
  readonly seenAtUs: TimeUs | null;
}

/** One fresh, migrated store under test, and a look behind the ports for what they do not show. */
export interface StoreHarness extends Stores {
  /** The stores of another node on the same data; for a store that only one process can open, the same ones. */
  another(): Promise<Stores>;
  /** Status of every message of a personal conversation, by seq. */
  statuses(conversationId: ConversationId): Promise<StatusRow[]>;
  cursors(userId: UserId, conversationId: ConversationId): Promise<CursorRow>;
  /** As a membership change would: the member has left at the present head, and the members' version grows. */
  removeMember(conversationId: ConversationId, userId: UserId): Promise<void>;
  close(): Promise<void>;
}

export type OpenHarness = () => Promise<StoreHarness>;

let lastUserId = 1_000;
let lastClientId = 0;

export const newUserId = (): UserId => {
  lastUserId += 1;
  return lastUserId;
};

/** A conversation with new users in it, and rows for it. */
export class Room {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly members: readonly UserId[];
  membersVersion = 1;

  private constructor(conversationId: ConversationId, kind: ConversationKind, members: readonly UserId[]) {
    this.conversationId = conversationId;
    this.kind = kind;
    this.members = members;
  }

  static async personal(stores: Pick<Stores, 'conversations'>): Promise<Room> {
    const members = [newUserId(), newUserId()] as const;
    await stores.conversations.ensureUsers(members);
    const opened = await stores.conversations.openPersonal(...members);
    if (!opened.ok) throw new Error('openPersonal refused known users');
    return new Room(opened.conversationId, 'personal', members);
  }

  static async group(
    stores: Pick<Stores, 'conversations'>,
    size = 3,
    { history = false }: { readonly history?: boolean } = {},
  ): Promise<Room> {
    const memberIds = Array.from({ length: size }, newUserId);
    await stores.conversations.ensureUsers(memberIds);
    const creatorId = memberIds[0] as UserId;
    const created = await stores.conversations.createGroup({
      creatorId,
      memberIds,
      name: 'G',
      description: '',
      history,
    });
    if (!created.ok) throw new Error('createGroup refused known users');
    return new Room(created.conversationId, 'group', memberIds);
  }

  user(index: number): UserId {
    return this.members[index] as UserId;
  }

  row(fields: Partial<AppendRow> & { readonly sender?: number } = {}): AppendRow {
    const { sender = 0, ...rest } = fields;
    lastClientId += 1;
    return {
      conversationId: this.conversationId,
      kind: this.kind,
      senderId: this.user(sender),
      recipientId: this.kind === 'personal' ? this.user(1 - sender) : null,
      clientId: `c${lastClientId}`,
      body: `body ${lastClientId}`,
      sentAtUs: 1_598_356_410_923_631 + lastClientId,
      membersVersion: this.membersVersion,
      ...rest,
    };
  }

  /** By the creator unless another is named. */
  change(
    action: GroupAction,
    { actor = 0, ...rest }: Partial<GroupChange> & { readonly actor?: number } = {},
  ): GroupChange {
    lastClientId += 1;
    return {
      conversationId: this.conversationId,
      actorId: this.user(actor),
      clientId: `g${lastClientId}`,
      action,
      atUs: 1_598_356_410_923_631 + lastClientId,
      ...rest,
    };
  }

  rows(count: number, fields: Partial<AppendRow> & { readonly sender?: number } = {}): AppendRow[] {
    return Array.from({ length: count }, () => this.row(fields));
  }
}

const MAX_ATTEMPTS = 200;

/** As a lane does: the same call again while it fails in a way that another attempt can help. */
export async function appendRetrying(store: MessageStore, rows: readonly AppendRow[]): Promise<AppendOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.append(rows);
    } catch (error) {
      if (!(error instanceof StoreError) || !error.retryable || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The results of an append that must have been committed. */
export async function commit(store: MessageStore, rows: readonly AppendRow[]): Promise<readonly AppendResult[]> {
  const outcome = await appendRetrying(store, rows);
  if (outcome.kind !== 'committed') throw new Error(`expected a commit, got ${outcome.kind}`);
  return outcome.results;
}

/** As a caller does: the same change again while it fails in a way that another attempt can help. */
export async function changeRetrying(store: GroupStore, change: GroupChange): Promise<GroupChangeResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.change(change);
    } catch (error) {
      if (!(error instanceof StoreError) || !error.retryable || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The result of a change that must have been made, or been made before. */
export async function changed(
  store: GroupStore,
  change: GroupChange,
): Promise<GroupChangeResult & { readonly kind: 'changed' | 'duplicate' }> {
  const result = await changeRetrying(store, change);
  if (result.kind === 'refused') throw new Error(`expected a change, got ${result.error}`);
  return result;
}

/** Rejects unless the promise rejects with a `StoreError` that says: nothing stored, do not try again. */
export async function refused(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StoreError && error.outcome === 'not_committed' && !error.retryable) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

/** Every body of the room's conversation, by seq; rejects unless seq is 1, 2, 3 … (G2). */
export async function allBodies(stores: Pick<Stores, 'messages'>, room: Room): Promise<string[]> {
  const [found = []] = await stores.messages.readRanges([
    { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 1_000_000, limit: 100_000 },
  ]);
  for (const [index, message] of found.entries()) {
    if (message.seq !== index + 1) throw new Error(`seq ${message.seq} where ${index + 1} belongs`);
  }
  return found.map((message) => message.body);
}
