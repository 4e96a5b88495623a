import type { ChangePlace, Conversation, ConversationSnapshot, Member, Receipt } from './api/conversation.ts';
import type { ChatMessage, ConversationItem, ConversationKind, GroupChange, Role } from './api/message.ts';
import type { SentPlace } from './api/send-handle.ts';
import type { StoredSend } from './api/storage.ts';
import { ChatError } from './chat-error.ts';
import { ConversationLog } from './conversation-log.ts';
import { ConversationReceipts } from './conversation-receipts.ts';
import type { Environment, Timers } from './environment.ts';
import { Listeners } from './listeners.ts';
import type { Outbox } from './outbox.ts';
import type { OutgoingReceipts } from './receipts.ts';
import { quiet, type Requests } from './requests.ts';
import type { OutgoingSend } from './send-handle.ts';
import { TypingOthers, TypingSignal } from './typing.ts';
import { type FrameOf, itemOf, type Summary, timeMs } from './wire.ts';

/** What all conversations of a client share. */
export interface ConversationHost {
  readonly environment: Environment;
  readonly timers: Timers;
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly receipts: OutgoingReceipts;
  readonly maxMessages: number;
  readonly user: { readonly id: number; readonly name: string } | null;
  onPlaced(item: ConversationItem, conversation: ConversationReplica): void;
  /** So many more are kept there. */
  onKept(count: number, conversation: ConversationReplica): void;
  onTyping(userId: number, active: boolean, conversation: ConversationReplica): void;
  readonly onError: (error: unknown) => void;
  /** Asks the server for the summary, soon. */
  needSummary(conversationId: number): void;
}

const MEMBERS_PAGE = 1_000;

/** One conversation as this client knows it. See `Conversation`. */
export class ConversationReplica implements Conversation {
  readonly id: number;
  readonly log: ConversationLog;
  receiptState: ConversationReceipts = new ConversationReceipts();
  kind: ConversationKind | null = null;
  name: string | null = null;
  description = '';
  peerId: number | null = null;
  role: Role | null = null;
  members: readonly Member[] | null = null;
  readonly #host: ConversationHost;
  readonly #signal: TypingSignal;
  readonly #others: TypingOthers;
  readonly #listeners = new Listeners<[]>();
  #snapshot: ConversationSnapshot | null = null;
  #notifying = false;

  constructor(id: number, host: ConversationHost, live: boolean) {
    this.id = id;
    this.#host = host;
    this.log = new ConversationLog(
      {
        conversationId: id,
        requests: host.requests,
        maxMessages: host.maxMessages,
        onPlaced: (items) => this.#onPlaced(items),
        onKept: (count) => host.onKept(count, this),
        onChange: () => this.changed(),
        onError: host.onError,
      },
      live,
    );
    this.#signal = new TypingSignal(host.timers, (active) =>
      host.requests.tell({ type: 'typing', conv_id: id, active: active ? undefined : false }),
    );
    this.#others = new TypingOthers(host.timers, (userId, active) => {
      this.changed();
      host.onTyping(userId, active, this);
    });
  }

  get messages(): readonly ConversationItem[] {
    return this.snapshot.messages;
  }
  get pending(): readonly OutgoingSend[] {
    return this.#host.outbox.pending(this.id);
  }
  get unread(): number {
    return this.receiptState.unread(this.log.window.items, this.#host.user?.id ?? null);
  }
  get seq(): number {
    return this.log.window.cursor ?? 0;
  }
  get hasOlder(): boolean {
    return this.log.window.hasOlder;
  }
  get typing(): readonly number[] {
    return this.#others.users;
  }
  get receipts(): ReadonlyMap<number, Receipt> {
    return this.receiptState.receipts;
  }
  get snapshot(): ConversationSnapshot {
    if (this.#snapshot === null) {
      const { pending, unread, hasOlder, name, typing, members, receipts } = this;
      this.#snapshot = {
        messages: [...this.log.window.items],
        pending,
        unread,
        hasOlder,
        name,
        typing,
        members,
        receipts,
      };
    }
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  send(text: string, options?: { readonly clientId?: string }): OutgoingSend {
    this.#signal.sent();
    return this.#host.outbox.enqueue(this.id, text, options?.clientId);
  }

  loadOlder(limit = 50): Promise<number> {
    return quiet(this.log.loadOlder(limit));
  }

  trim(max?: number): void {
    this.log.trim(max);
  }

  markSeen(seq: number = this.seq): void {
    const upTo = Math.min(seq, this.seq);
    if (upTo <= this.receiptState.ownSeenSeq) return;
    this.receiptState.ownSeenSeq = upTo;
    this.#host.receipts.mark('seen', this.id, upTo);
    this.changed();
  }

  setTyping(active = true): void {
    this.#signal.set(active);
  }

  statusOf(message: ChatMessage): 'sent' | 'delivered' | 'seen' {
    return this.receiptState.statusOf(message);
  }

  loadMembers(): Promise<readonly Member[]> {
    return quiet(this.#loadMembers());
  }

  add(userIds: readonly number[]): Promise<ChangePlace> {
    return this.#change({ type: 'group_add', user_id: userIds });
  }
  remove(userId: number): Promise<ChangePlace> {
    return this.#change({ type: 'group_remove', user_id: userId });
  }
  leave(): Promise<ChangePlace> {
    return this.#change({ type: 'group_leave' });
  }
  rename(name: string): Promise<ChangePlace> {
    return this.#change({ type: 'group_rename', group_name: name });
  }
  describe(description: string): Promise<ChangePlace> {
    return this.#change({ type: 'group_describe', description });
  }
  setRole(userId: number, role: Role): Promise<ChangePlace> {
    return this.#change({ type: 'group_role', user_id: userId, role });
  }
  transfer(userId: number): Promise<ChangePlace> {
    return this.#change({ type: 'group_transfer', user_id: userId });
  }

  /** One attempt of the outbox. */
  async transmit(send: StoredSend): Promise<SentPlace> {
    const { requests } = this.#host;
    const type = this.kind ?? (await this.#findKind());
    const { user } = this.#host;
    const done = this.log.awaitAck();
    try {
      const frame = { type, conv_id: this.id, msg: send.text, client_id: send.clientId };
      const ack = await requests.once('ack', frame);
      // First its place: it may be what a gap is missing.
      if (user !== null) this.log.onOwn(itemOf({ ...frame, ...ack, type, sender: user.name, sender_id: user.id }));
      return placeOf(ack);
    } finally {
      done();
    }
  }

  onTyping(frame: FrameOf<'typing'>): void {
    this.#others.set(frame.user_id, frame.active);
  }

  onSummary(summary: Summary): void {
    this.kind = summary.kind;
    this.name = summary.group_name ?? summary.peer?.name ?? null;
    this.description = summary.description ?? '';
    this.peerId = summary.peer?.user_id ?? null;
    this.role = summary.left ? null : summary.role;
    this.receiptState.onSummary(summary);
    this.changed();
  }

  onReset(seq: number): void {
    this.receiptState = new ConversationReceipts();
    this.members = null;
    this.log.onReset(seq);
    this.#host.receipts.forget(this.id);
    this.#host.needSummary(this.id);
    void this.loadOlder();
  }

  changed(): void {
    this.#snapshot = null;
    if (this.#notifying) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      this.#listeners.call(this.#host.onError);
    });
  }

  #onPlaced(items: readonly ConversationItem[]): void {
    const { user, receipts } = this.#host;
    for (const item of items) {
      if (item.type === 'event') this.#apply(item.change, item.seq);
      else if (item.senderId !== user?.id) this.#others.set(item.senderId, false);
    }
    if (items.some((item) => item.senderId !== user?.id)) receipts.mark('delivered', this.id, this.seq);
    if (this.kind === null || this.receiptState.needsCount(this.log.window.lowest)) this.#host.needSummary(this.id);
    this.changed();
    for (const item of items) this.#host.onPlaced(item, this);
  }

  #apply(change: GroupChange, seq: number): void {
    const me = this.#host.user?.id;
    const setRole = (userId: number, role: Role): void => {
      if (userId === me) this.role = role;
      this.members = this.members?.map((m) => (m.userId === userId ? { ...m, role } : m)) ?? null;
    };
    switch (change.kind) {
      case 'renamed':
        this.name = change.name;
        break;
      case 'described':
        this.description = change.description;
        break;
      case 'role':
        setRole(change.userId, change.role);
        break;
      case 'transferred':
        setRole(change.from, 'admin');
        setRole(change.userId, 'owner');
        break;
      case 'removed':
      case 'left':
        if (change.userId === me) this.role = null;
        this.members = this.members?.filter((m) => m.userId !== change.userId) ?? null;
        break;
      case 'added':
        for (const userId of change.userIds) this.receiptState.added.set(userId, seq);
        if (change.userIds.includes(me ?? 0)) this.#host.needSummary(this.id);
        // Names come with the list.
        if (this.members !== null) void this.loadMembers();
        break;
    }
  }

  async #loadMembers(): Promise<readonly Member[]> {
    const members: Member[] = [];
    for (let after: number | null = 0; after !== null; ) {
      const page: FrameOf<'members'> = await this.#host.requests.ask('members', {
        type: 'members',
        conv_id: this.id,
        after,
        limit: MEMBERS_PAGE,
      });
      for (const member of page.members) {
        const { user_id: userId, name, role } = member;
        members.push({ userId, name, role });
        if (userId !== this.#host.user?.id) this.receiptState.onStatus(member);
      }
      after = page.next;
    }
    this.members = members;
    this.changed();
    return members;
  }

  async #findKind(): Promise<ConversationKind> {
    const page = await this.#host.requests.once('conversations', { type: 'conversations', conv_id: [this.id] });
    const summary = page.conversations[0];
    if (summary === undefined) {
      throw new ChatError('not_a_member', 'There is no such conversation.');
    }
    this.onSummary(summary);
    return summary.kind;
  }

  /** Good for repeating: the client id is the same each time. */
  #change(frame: { readonly type: string; readonly [field: string]: unknown }): Promise<ChangePlace> {
    const { requests, environment } = this.#host;
    const done = this.log.awaitAck();
    const asked = requests.ask('ack', { ...frame, conv_id: this.id, client_id: environment.newId() });
    return quiet(
      asked
        .then((ack) => {
          this.log.expect(ack.seq);
          return placeOf(ack);
        })
        .finally(done),
    );
  }
}

const placeOf = (ack: FrameOf<'ack'>): SentPlace => ({
  seq: ack.seq,
  messageId: ack.message_id,
  sentAtMs: timeMs(ack.timestamp),
});
