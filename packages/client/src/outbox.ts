import type { ChatMessage, ConversationItem } from './api/message.ts';
import type { SentPlace } from './api/send-handle.ts';
import type { OutboxStorage, StoredSend } from './api/storage.ts';
import { Backoff } from './backoff.ts';
import { ChatError } from './chat-error.ts';
import type { Environment, Timers } from './environment.ts';
import { OutgoingSend } from './send-handle.ts';
import { type TabMessage, Tabs } from './tabs.ts';

export interface OutboxOwner {
  /** One attempt. Rejects with a `ChatError`. */
  transmit(send: StoredSend): Promise<SentPlace>;
  onChange(handle: OutgoingSend): void;
  onError(error: unknown): void;
}

export interface OutboxOptions {
  readonly environment: Environment;
  readonly timers: Timers;
  readonly storage: OutboxStorage;
  readonly maxQueued: number;
  readonly userId: number | null;
}

const STORAGE_TIMEOUT_MS = 10_000;
const CANCEL_TIMEOUT_MS = 2_000;
const MAX_SETTLED = 1_000;
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 30_000;

/** Not the client id alone: it may be used again, for another try. */
const nameOf = (send: StoredSend): string => send.clientId + send.queuedAtMs;

/**
 * What is to be sent, in order per conversation. Invariants: a message is kept by the storage before it is on the wire; of one conversation one is on the
 * wire at a time, so none overtakes another; every attempt uses the same client id, so the server stores it once; it leaves the outbox
 * when the server has stored it or refused it for good, or the caller takes it back, and for no other reason.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #owner: OutboxOwner;
  readonly #tabs: Tabs;
  readonly #handles = new Map<string, OutgoingSend>();
  /** By conversation. */
  readonly #queues = new Map<number, OutgoingSend[]>();
  readonly #busy = new Set<number>();
  /** The storage has it, or never will. */
  readonly #ready = new WeakSet<OutgoingSend>();
  /** It may have reached the server. */
  readonly #attempted = new WeakSet<OutgoingSend>();
  readonly #cancels = new Map<string, (done: boolean) => void>();
  #userId: number | null;
  #up = false;
  #restored = false;
  #closed = false;
  /** Settled, the latest of them: what the storage or another tab still has of them is no news. */
  readonly #settled = new Set<string>();

  constructor(options: OutboxOptions, owner: OutboxOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#userId = options.userId;
    this.#tabs = new Tabs(options.environment, options.storage.sharedName, {
      onLead: () => void this.#restore(),
      onMessage: (message) => this.#onTab(message),
    });
  }

  pending(conversationId?: number): OutgoingSend[] {
    if (conversationId !== undefined) return [...(this.#queues.get(conversationId) ?? [])];
    return [...this.#queues.values()].flat();
  }

  enqueue(conversationId: number, text: string, clientId = this.#options.environment.newId()): OutgoingSend {
    const known = this.#handles.get(clientId);
    if (known?.conversationId === conversationId && known.text === text) return known;
    const queuedAtMs = this.#options.environment.now();
    const handle = this.#handleOf({ clientId, userId: this.#userId, conversationId, text, queuedAtMs });
    const refusal = this.#refusal(text, known !== undefined);
    if (refusal !== null) {
      handle.fail(refusal);
      return handle;
    }
    this.#accept(handle);
    // Told before it is stored, too: this tab may be gone by then, and the one that sends stores it as well.
    this.#tellQueued(handle);
    void handle.stored.then(() => this.#tellQueued(handle));
    return handle;
  }

  /** Its end is not known, and another tab sends. */
  #tellQueued({ status, record }: OutgoingSend): void {
    if (!this.#tabs.leads && status === 'queued') this.#tabs.tell({ t: 'queued', record });
  }

  #accept(handle: OutgoingSend): void {
    this.#add(handle);
    handle.stored = this.#ask((storage) => storage.put(handle.record)).then(
      () => true,
      (error: unknown) => {
        this.#owner.onError(error);
        return false;
      },
    );
    // Only now: who hears of it may take it back at once.
    this.#owner.onChange(handle);
    void handle.stored.then(() => {
      this.#ready.add(handle);
      this.#pump(handle.conversationId);
    });
  }

  /** It is the application's, or the browser's: it may throw, or never answer. */
  #ask<T>(work: (storage: OutboxStorage) => Promise<T>): Promise<T> {
    const { timers, storage } = this.#options;
    return timers.within(STORAGE_TIMEOUT_MS, 'The storage', () => work(storage));
  }

  /** There is a connection, of this user. */
  onUp(userId: number): void {
    this.#up = true;
    this.#userId = userId;
    this.#tabs.claim();
    for (const handle of this.#handles.values()) {
      if (this.#isOwn(handle.record)) continue;
      // Kept by the storage, for its own user.
      this.#drop(handle);
      handle.abandon(new ChatError('wrong_user', 'Another user signed in.', true));
    }
    for (const conversationId of this.#queues.keys()) this.#pump(conversationId);
  }

  onDown(): void {
    this.#up = false;
  }

  /** From the start: what was left by an earlier run shows before there is a connection. */
  open(): void {
    this.#tabs.claim();
  }

  /** This client will not connect by itself: another tab may do better. */
  onEnded(): void {
    this.#tabs.yield();
  }

  /** A message of this user came from the server. A client id is unique in its conversation only, and another device may have used it. */
  confirm(item: ConversationItem): void {
    const { clientId, conversationId, seq, messageId, sentAtMs } = item;
    const handle = this.#handles.get(clientId);
    if (handle?.conversationId === conversationId && handle.text === (item as ChatMessage).text) {
      this.#succeed(handle, { seq, messageId, sentAtMs });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#up = false;
    this.#tabs.close();
    const error = new ChatError('closed', 'The client is closed.', true);
    for (const handle of this.#handles.values()) handle.abandon(error);
    for (const done of this.#cancels.values()) done(false);
    await this.#ask((storage) => storage.close()).catch((cause: unknown) => this.#owner.onError(cause));
  }

  #refusal(text: string, taken: boolean): ChatError | null {
    if (this.#closed) return new ChatError('closed', 'The client is closed.');
    if (taken) return new ChatError('client_id_conflict', 'The client id is taken.');
    if (text === '') return new ChatError('invalid_frame', 'The message is empty.');
    if (this.#handles.size < this.#options.maxQueued) return null;
    return new ChatError('overloaded', 'Too much waits.', true);
  }

  #handleOf(record: StoredSend): OutgoingSend {
    return new OutgoingSend(record, {
      onChange: (handle) => this.#owner.onChange(handle),
      cancel: (handle) => this.#cancel(handle),
      onThrow: (error) => this.#owner.onError(error),
    });
  }

  #add(handle: OutgoingSend): void {
    const { conversationId, clientId } = handle;
    this.#handles.set(clientId, handle);
    const queue = this.#queues.get(conversationId);
    if (queue === undefined) this.#queues.set(conversationId, [handle]);
    else queue.push(handle);
  }

  #drop(handle: OutgoingSend): void {
    const { conversationId, clientId } = handle;
    this.#handles.delete(clientId);
    const queue = (this.#queues.get(conversationId) ?? []).filter((other) => other !== handle);
    if (queue.length === 0) this.#queues.delete(conversationId);
    else this.#queues.set(conversationId, queue);
  }

  #pump(conversationId: number): void {
    if (!this.#busy.has(conversationId)) void this.#drive(conversationId);
  }

  async #drive(conversationId: number): Promise<void> {
    const backoff = new Backoff(RETRY_BASE_MS, RETRY_MAX_MS, this.#options.environment.random);
    this.#busy.add(conversationId);
    for (;;) {
      const handle = this.#queues.get(conversationId)?.[0];
      if (handle === undefined || !this.#up || !this.#restored || !this.#tabs.leads || !this.#ready.has(handle)) break;
      this.#attempted.add(handle);
      // Its tab may be the next to send, and must know then.
      this.#tabs.tell({ t: 'kept', clientId: handle.clientId });
      try {
        this.#succeed(handle, await this.#owner.transmit(handle.record));
        backoff.reset();
      } catch (error) {
        if (!(error instanceof ChatError)) {
          this.#owner.onError(error);
          await this.#pause(backoff.next());
        } else if (error.code !== 'disconnected' && error.code !== 'closed') {
          if (!error.temporary) this.#fail(handle, error);
          else await this.#pause(backoff.next(error.retryAfterMs ?? 0));
        }
      }
    }
    this.#busy.delete(conversationId);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(delayMs, resolve));
  }

  #succeed(handle: OutgoingSend, place: SentPlace): void {
    if (!this.#settle(handle)) return;
    handle.succeed(place);
    this.#tabs.tell({ t: 'sent', clientId: handle.clientId, place });
  }

  #fail(handle: OutgoingSend, error: ChatError): void {
    if (!this.#settle(handle)) return;
    handle.fail(error);
    this.#tabs.tell({ t: 'failed', clientId: handle.clientId, code: error.code, message: error.message });
  }

  #settle(handle: OutgoingSend): boolean {
    if (this.#handles.get(handle.clientId) !== handle) return false;
    this.#drop(handle);
    if (this.#settled.size >= MAX_SETTLED) this.#settled.clear();
    this.#settled.add(nameOf(handle.record));
    this.#cancels.get(handle.clientId)?.(false);
    if (!this.#closed) {
      this.#ask((storage) => storage.remove(handle.clientId)).catch((error: unknown) => this.#owner.onError(error));
    }
    return true;
  }

  async #cancel(handle: OutgoingSend): Promise<boolean> {
    if (!this.#tabs.leads && !this.#closed) return this.#askToCancel(handle.clientId);
    if (this.#closed || this.#attempted.has(handle) || !this.#handles.has(handle.clientId)) return false;
    this.#fail(handle, new ChatError('cancelled', 'Taken back.'));
    return true;
  }

  #askToCancel(clientId: string): Promise<boolean> {
    const ask = (resolve: (done: boolean) => void): void => {
      this.#cancels.set(clientId, resolve);
      this.#tabs.tell({ t: 'cancel', clientId });
    };
    return this.#options.timers
      .within(CANCEL_TIMEOUT_MS, '', () => new Promise(ask))
      .catch(() => false)
      .finally(() => this.#cancels.delete(clientId));
  }

  /** What the storage has comes first, in its order; then what was queued here and is not stored yet. */
  async #restore(): Promise<void> {
    this.#restored = false;
    let records: StoredSend[] = [];
    try {
      records = await this.#ask((storage) => storage.load());
    } catch (error) {
      this.#owner.onError(error);
    }
    if (this.#closed) return;
    const here = new Set(this.#handles.keys());
    this.#queues.clear();
    for (const record of records.filter((one) => this.#isNews(one))) {
      const { clientId } = record;
      const known = this.#handles.get(clientId);
      here.delete(clientId);
      if (known === undefined) this.#adopt(record);
      else this.#add(known);
    }
    for (const clientId of here) {
      const handle = this.#handles.get(clientId);
      if (handle !== undefined) this.#add(handle);
    }
    this.#restored = true;
    for (const conversationId of this.#queues.keys()) this.#pump(conversationId);
  }

  /** A send of an earlier run, or of a tab that is gone: it may have been on the wire. */
  #adopt(record: StoredSend): void {
    const handle = this.#handleOf(record);
    handle.stored = Promise.resolve(true);
    this.#ready.add(handle);
    this.#attempted.add(handle);
    this.#add(handle);
    this.#owner.onChange(handle);
  }

  #isNews(record: StoredSend): boolean {
    return this.#isOwn(record) && !this.#settled.has(nameOf(record));
  }

  #isOwn({ userId }: StoredSend): boolean {
    return userId === null || this.#userId === null || userId === this.#userId;
  }

  #onTab(message: TabMessage): void {
    if (message.t === 'queued') {
      const { record } = message;
      if (this.#tabs.leads && !this.#handles.has(record.clientId) && this.#isNews(record)) {
        this.#accept(this.#handleOf(record));
      }
      return;
    }
    const handle = this.#handles.get(message.clientId);
    if (message.t === 'cancel') {
      if (handle === undefined || !this.#tabs.leads) return;
      void this.#cancel(handle).then((done) => {
        if (!done) this.#tabs.tell({ t: 'kept', clientId: message.clientId });
      });
    } else if (message.t === 'kept') {
      this.#cancels.get(message.clientId)?.(false);
      if (handle !== undefined) this.#attempted.add(handle);
    } else if (handle !== undefined && !this.#tabs.leads) {
      this.#cancels.get(message.clientId)?.(message.t === 'failed' && message.code === 'cancelled');
      // Out of the storage, too: what this tab has put may be written behind what the other one has removed.
      this.#settle(handle);
      if (message.t === 'sent') {
        // Its place in the replica comes with the message itself: this tab's session did not send it.
        handle.succeed(message.place);
      } else handle.fail(new ChatError(message.code, message.message));
    }
  }
}
