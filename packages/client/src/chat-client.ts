import type {
  ChatClient,
  ChatClientEvents,
  ConversationPage,
  MessageStatus,
  NewGroup,
  Presence,
} from './api/client.ts';
import type { ConversationItem } from './api/message.ts';
import type { ChatClientOptions } from './api/options.ts';
import type { ClientState } from './api/state.ts';
import { Backoff } from './backoff.ts';
import { ChatError } from './chat-error.ts';
import { Connection } from './connection.ts';
import type { ConversationHost, ConversationReplica } from './conversation.ts';
import { Emitter } from './emitter.ts';
import { type Environment, Timers } from './environment.ts';
import { messageStatusOf } from './message-status.ts';
import { Outbox } from './outbox.ts';
import { PresenceWatch, presencesOf } from './presence.ts';
import { OutgoingReceipts } from './receipts.ts';
import { Replica } from './replica.ts';
import { quiet, Requests } from './requests.ts';
import type { OutgoingSend } from './send-handle.ts';
import { defaultStorage } from './storage/default-storage.ts';
import { Tokens } from './token.ts';
import { TokenRefresh } from './token-refresh.ts';
import { type FrameOf, itemOf, type Outgoing, type ServerFrame } from './wire.ts';

/** Wires the parts, and hands each frame to the part that it is for. See `ChatClient`. */
export class ChatClientImplementation implements ChatClient {
  user: { readonly id: number; readonly name: string } | null = null;
  readonly #options: ChatClientOptions;
  readonly #environment: Environment;
  readonly #timers: Timers;
  readonly #events: Emitter<ChatClientEvents>;
  readonly #requests: Requests;
  readonly #receipts: OutgoingReceipts;
  readonly #outbox: Outbox;
  readonly #replica: Replica;
  readonly #watch: PresenceWatch;
  readonly #refresh: TokenRefresh;
  readonly #connection: Connection;
  #closing: Promise<void> | null = null;

  constructor(options: ChatClientOptions, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
    const timers = new Timers(environment);
    this.#timers = timers;
    const onError = (error: unknown): void => this.#onError(error);
    // What a listener for errors throws must not come back to it.
    this.#events = new Emitter((error, name) => (name === 'error' ? environment.report(error) : onError(error)));
    const requests = new Requests(timers, options.requestTimeoutMs ?? 30_000);
    this.#requests = requests;
    const shared = { environment, timers, requests, onError };
    this.#receipts = new OutgoingReceipts(shared);
    const tokens = new Tokens(options, timers);
    this.#refresh = new TokenRefresh({ ...shared, tokens });
    this.#outbox = new Outbox(
      {
        ...shared,
        storage: options.storage ?? defaultStorage(options, environment),
        maxQueued: options.maxQueued ?? 10_000,
        userId: options.userId ?? null,
      },
      {
        transmit: (send) => this.conversation(send.conversationId).transmit(send),
        onChange: (handle) => this.#onSend(handle),
        onError,
      },
    );
    const client = this;
    const host: ConversationHost = {
      ...shared,
      outbox: this.#outbox,
      receipts: this.#receipts,
      maxMessages: options.maxMessages ?? 500,
      get user() {
        return client.user;
      },
      onPlaced: (item, conversation) => this.#onPlaced(item, conversation),
      onKept: (count, conversation) => this.#replica.onKept(count, conversation),
      onTyping: (userId, active, conversation) => this.#events.emit('typing', userId, active, conversation),
      needSummary: (conversationId) => this.#replica.needSummary(conversationId),
    };
    this.#replica = new Replica(host, (conversation) => this.#events.emit('conversation', conversation));
    this.#watch = new PresenceWatch(shared, (presence) => this.#events.emit('presence', presence));
    const { baseMs = 500, maxMs = 30_000 } = options.backoff ?? {};
    this.#connection = new Connection(
      {
        url: options.url,
        webSocket: options.webSocket ?? environment.webSocket,
        backoff: new Backoff(baseMs, maxMs, () => environment.random()),
        tokens,
        environment,
      },
      {
        hello: () => this.#hello(),
        onWelcome: (welcome) => this.#onWelcome(welcome),
        onFrame: (frame) => this.#onFrame(frame),
        onDown: () => this.#onDown(),
        onState: (state) => this.#onState(state),
        onError,
      },
    );
  }

  /** Apart from the constructor, so that the first events find their listeners. */
  start(): void {
    if (this.#closing !== null) return;
    this.#outbox.open();
    this.#connection.connect();
  }

  get state(): ClientState {
    return this.#connection.state;
  }
  get conversations(): ReadonlyMap<number, ConversationReplica> {
    return this.#replica.conversations;
  }
  get pending(): readonly OutgoingSend[] {
    return this.#outbox.pending();
  }

  on<Name extends keyof ChatClientEvents>(name: Name, listener: (...args: ChatClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  ready(): Promise<void> {
    return quiet(
      new Promise((resolve, reject) => {
        const stop = this.#events.on('state', () => look());
        const look = (): void => {
          const { state } = this;
          if (state.status === 'connected') resolve();
          else if (this.#connection.ended) reject(endOf(state));
          else return;
          stop();
        };
        look();
      }),
    );
  }

  conversation(conversationId: number): ConversationReplica {
    return this.#replica.get(conversationId);
  }

  loadConversations(page: { readonly after?: number; readonly limit?: number } = {}): Promise<ConversationPage> {
    const { after = 0, limit = 50 } = page;
    return quiet(
      this.#requests.ask('conversations', { type: 'conversations', after, limit }).then((answer) => ({
        conversations: this.#replica.onSummaries(answer.conversations),
        next: answer.next,
      })),
    );
  }

  openPersonal(userId: number): Promise<ConversationReplica> {
    return this.#init({ type: 'init_personal' }, [userId]);
  }

  createGroup({ name, memberIds, description = '', history = false }: NewGroup): Promise<ConversationReplica> {
    return this.#init({ type: 'init_group', group_name: name, description, history }, memberIds);
  }

  send(conversationId: number, text: string, options?: { readonly clientId?: string }): OutgoingSend {
    return this.conversation(conversationId).send(text, options);
  }

  messageStatus(messageId: number): Promise<MessageStatus> {
    return quiet(
      this.#requests.ask('message_status', { type: 'message_status', message_id: messageId }).then(messageStatusOf),
    );
  }

  presence(userIds: readonly number[]): Promise<readonly Presence[]> {
    return quiet(this.#requests.ask('presence', { type: 'presence', user_id: userIds }).then(presencesOf));
  }

  watchPresence(userIds: readonly number[]): () => void {
    return this.#watch.watch(userIds);
  }

  block(userId: number, type = 'block'): Promise<void> {
    return quiet(this.#requests.ask('ok', { type, user_id: userId }).then(() => undefined));
  }

  unblock(userId: number): Promise<void> {
    return this.block(userId, 'unblock');
  }

  reconnect(): void {
    this.#connection.connect();
  }

  close(): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    let finish: () => void = () => undefined;
    // There before the listeners hear of it: they may close, too.
    this.#closing = new Promise((resolve) => {
      finish = resolve;
    });
    void this.#close().then(finish);
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#refresh.onDown();
    this.#receipts.flush();
    this.#requests.tell({ type: 'bye' });
    this.#requests.close();
    this.#receipts.onDown();
    await Promise.all([this.#connection.close(), this.#outbox.close()]);
    this.#timers.close();
    this.#events.clear();
  }

  #hello(): { readonly type: string; readonly [field: string]: unknown } {
    const { device, client } = this.#options;
    return {
      type: 'hello',
      v: 2,
      device,
      client,
      ...this.#replica.hello(),
    };
  }

  #onWelcome(welcome: FrameOf<'welcome'>): boolean {
    const { userId } = this.#options;
    const wanted = userId ?? this.user?.id ?? welcome.user_id;
    if (welcome.user_id !== wanted) return false;
    this.user = { id: welcome.user_id, name: welcome.name };
    this.#replica.onWelcome(welcome.epoch);
    this.#requests.attach(this.#connection, welcome.limits);
    this.#outbox.onUp(welcome.user_id);
    this.#watch.onUp();
    return true;
  }

  #onDown(): void {
    this.#refresh.onDown();
    this.#outbox.onDown();
    this.#receipts.onDown();
    this.#replica.onDown();
    this.#requests.detach();
  }

  #onState(state: ClientState): void {
    this.#requests.onEnded(this.#connection?.ended ? endOf(state) : null);
    this.#events.emit('state', state);
    if (this.#connection?.ended) this.#outbox.onEnded();
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case 'personal':
      case 'group':
      case 'event':
        this.#onItem(frame);
        break;
      case 'synced':
        this.#replica.onSynced(frame);
        break;
      case 'reset':
        this.#events.emit('reset', this.#replica.onReset(frame));
        break;
      case 'sync_complete':
        this.#connection.onSynced();
        this.#requests.onSynced();
        this.#replica.onComplete();
        this.#receipts.onUp();
        break;
      case 'status':
        this.#onStatus(frame);
        break;
      case 'typing':
        this.conversation(frame.conv_id).onTyping(frame);
        break;
      case 'refresh_needed':
        this.#refresh.onNeeded();
        break;
      case 'goaway':
        this.#connection.onGoaway(frame.reconnect_after_ms);
        break;
      default:
        if (!this.#requests.answer(frame) && frame.type === 'presence') this.#watch.onNews(frame);
    }
  }

  #onItem(frame: FrameOf<'personal' | 'group' | 'event'>): void {
    const item = itemOf(frame);
    const conversation = this.conversation(item.conversationId);
    if (frame.type !== 'event') conversation.kind = frame.type;
    conversation.log.onItem(item);
    if (item.senderId === this.user?.id) this.#outbox.confirm(item);
  }

  #onStatus(frame: FrameOf<'status'>): void {
    const conversation = this.conversation(frame.conv_id);
    const { receiptState } = conversation;
    if (frame.user_id === this.user?.id) {
      receiptState.ownSeenSeq = Math.max(receiptState.ownSeenSeq, frame.seen_seq);
      // Which are unread below what is kept, or between those seen one by one, is the server's to tell.
      if (frame.message_id || conversation.log.window.lowest > frame.seen_seq + 1) {
        this.#replica.needSummary(conversation.id);
      }
      conversation.changed();
      return;
    }
    const receipt = receiptState.onStatus(frame);
    if (receipt === null) return;
    conversation.changed();
    this.#events.emit('receipt', receipt, conversation);
  }

  #onPlaced(item: ConversationItem, conversation: ConversationReplica): void {
    if (item.type === 'message') this.#events.emit('message', item, conversation);
    else this.#events.emit('event', item, conversation);
  }

  #onSend(handle: OutgoingSend): void {
    const conversation = this.conversation(handle.conversationId);
    if (handle.status === 'sent') conversation.receiptState.follow(handle);
    conversation.changed();
    this.#events.emit('send', handle);
  }

  #init(frame: Outgoing, others: readonly number[]): Promise<ConversationReplica> {
    // Who this is may be known only when there is a connection.
    const members = (): Set<unknown> => new Set([this.user?.id, ...others]);
    const whole = {
      ...frame,
      get member() {
        return [...members()];
      },
      client_id: this.#environment.newId(),
    };
    return quiet(
      this.#requests.ask('conversation_ready', whole).then((ready) => {
        const conversation = this.conversation(ready.conv_id);
        conversation.kind = ready.kind;
        if (ready.created) conversation.log.begin();
        this.#replica.needSummary(ready.conv_id);
        return conversation;
      }),
    );
  }

  #onError(cause: unknown): void {
    // No news to who has closed it.
    if (cause instanceof ChatError && cause.code === 'closed') return;
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (this.#events.emit('error', error) !== true) this.#environment.report(error);
  }
}

/** Why there will be no connection, of a state without one. */
function endOf(state: ClientState): ChatError {
  const { reason, detail } = state as Extract<ClientState, { status: 'disconnected' }>;
  return new ChatError(reason === 'closed' ? 'closed' : 'refused', detail || reason);
}
