import type { Clock } from '@parley/core';
import { LIMITS } from '@parley/protocol';
import { ConversationBook, type KnownConversation } from './conversation-book.ts';
import type { ChatEvent } from './events.ts';
import { Link } from './link.ts';
import { Outbox, type Outcome } from './outbox.ts';
import { SeenMarker } from './seen-marker.ts';
import type { ServerFrame } from './server-frame.ts';

export interface ChatOptions {
  readonly url: string;
  /** The sign-in: a user id or a token. */
  readonly firstFrame: string;
  readonly reconnect: boolean;
  /** Mark what was shown as seen without being asked. */
  readonly autoSeen: boolean;
  readonly clock: Pick<Clock, 'nowMs' | 'after' | 'every'>;
  readonly random: () => number;
  readonly show: (event: ChatEvent) => void;
}

/** Messages that may wait for their answers; beyond it `say` does not resolve, so that reading the input pauses. */
const MAX_WAITING = 256;
/** `quit` waits this long for answers that are due. */
const QUIT_WAIT_MS = 60_000;

/** One signed-in user of the legacy protocol: opens conversations, sends, shows what arrives and marks it seen. */
export class ChatClient {
  readonly book = new ConversationBook();
  readonly #options: ChatOptions;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #seen: SeenMarker;
  readonly #waiters = new Set<() => void>();
  #unconfirmed: { readonly conversation: KnownConversation; readonly body: string } | null = null;
  #userId: number | null = null;
  #localId = 0;
  #failed: boolean = false;
  #left: boolean = false;
  #finish: (code: 0 | 1) => void = () => undefined;
  /** 0 when everything that was asked for was done, 1 when the connection was refused or something was not done. */
  readonly finished: Promise<0 | 1>;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const { clock, random } = options;
    this.#link = new Link(options, {
      onUp: (userId) => this.#onUp(userId),
      onFrame: (frame) => this.#onFrame(frame),
      onDown: (why, retryInMs) => {
        options.show({ event: 'down', why, retry_in_ms: retryInMs });
        this.#outbox.onDown();
      },
      onEnd: (why) => {
        options.show({ event: 'end', why });
        this.#leave(1);
      },
    });
    const send = (frame: string): boolean => this.#link.send(frame);
    const onSilent = (): void => this.#link.drop('the node did not answer in time');
    this.#outbox = new Outbox({ clock, random, send, onSilent });
    this.#seen = new SeenMarker(clock, (frame) => this.#outbox.sendSilent(frame));
  }

  start(): void {
    this.#link.start();
  }

  /** Opens the personal conversation with a user (L2) and makes it the current one. */
  async openPersonal(userId: number): Promise<void> {
    const self = await this.#signedIn();
    if (self === userId) this.problem('You cannot open a conversation with yourself.');
    else await this.#open({ type: 'init_personal', member: [self, userId] }, `user ${userId}`, true);
  }

  /** Creates a group (L5) and makes it the current conversation. */
  async openGroup(name: string, memberIds: readonly number[]): Promise<void> {
    const self = await this.#signedIn();
    const member = [...new Set([self, ...memberIds])];
    await this.#open({ type: 'init_group', member, group_name: name, description: '' }, name, false);
  }

  /** Queues a message (L3, L6). Resolves when the next may be queued; the answer comes as an event. */
  async say(conversation: KnownConversation, body: string): Promise<void> {
    const bytes = Buffer.byteLength(body, 'utf8');
    if (bytes > LIMITS.maxMessageBytes) {
      const message = `it has ${bytes} bytes, the limit is ${LIMITS.maxMessageBytes}`;
      this.#report({ ok: false, reason: 'refused', message }, conversation, body);
      return;
    }
    const frame = JSON.stringify({ msg: body, conv_id: conversation.id, type: conversation.kind });
    void this.#outbox.submit({ frame, expects: 'ack', repeatable: false }).then((outcome) => {
      this.#report(outcome, conversation, body);
      this.#changed();
    });
    while (this.#outbox.size >= MAX_WAITING) await this.#change();
  }

  /** Sends the last unconfirmed message again. */
  async retry(): Promise<void> {
    const again = this.#unconfirmed;
    this.#unconfirmed = null;
    if (again === null) this.problem('Nothing is unconfirmed.');
    else await this.say(again.conversation, again.body);
  }

  /** Marks as seen everything shown so far. */
  markSeen(): void {
    for (const messageId of this.book.takeUnseen()) this.#seen.mark(messageId);
    this.#seen.flush();
  }

  /** Waits until everything asked for has its answer (at most a minute), then leaves. */
  async quit(): Promise<void> {
    let patient = true;
    const cancel = this.#options.clock.after(QUIT_WAIT_MS, () => {
      patient = false;
      this.#changed();
    });
    // Before the sign-in nothing has been refused yet, so nobody could say why.
    while (patient && !this.#left && (this.#userId === null || this.#outbox.size > 0)) await this.#change();
    cancel();
    this.#seen.flush();
    this.stop();
  }

  /** Leaves at once. */
  stop(): void {
    this.#leave(this.#outbox.size > 0 || this.#failed ? 1 : 0);
  }

  /** Shows what is wrong with what the user asked for. */
  problem(message: string): void {
    this.#failed = true;
    this.#options.show({ event: 'problem', message });
  }

  /** The user's id, once known; for ever pending when the sign-in fails (`finished` tells). */
  async #signedIn(): Promise<number> {
    while (this.#userId === null) await this.#change();
    return this.#userId;
  }

  #onUp(userId: number): void {
    this.#userId = userId;
    this.#options.show({ event: 'up', user_id: userId, url: this.#options.url });
    this.#outbox.onUp();
    this.#seen.onUp();
    this.#changed();
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.kind) {
      case 'message':
        this.#onMessage(frame);
        break;
      case 'ack':
      case 'ready':
        this.#outbox.onAnswer(frame);
        break;
      case 'error':
        if (!this.#outbox.onError(frame)) this.problem(`${frame.message} (${frame.name})`);
        break;
      case 'signed_in':
      case 'unknown':
        break;
    }
  }

  #onMessage(frame: Extract<ServerFrame, { kind: 'message' }>): void {
    const { conversationId, conversationKind: kind, messageId, sender, body, timestamp } = frame;
    if (this.book.firstShow(messageId)) {
      const title = kind === 'personal' ? sender : `group ${conversationId}`;
      const known = this.book.get(conversationId) ?? this.book.learn({ id: conversationId, kind, title });
      const place = {
        conversation_id: conversationId,
        kind,
        message_id: messageId,
        current: known === this.book.current,
      };
      this.#options.show({ event: 'message', ...place, sender, body, timestamp });
    }
    if (this.#options.autoSeen) this.#seen.mark(messageId);
    else this.book.keepUnseen(messageId);
  }

  async #open(init: object, title: string, repeatable: boolean): Promise<void> {
    const frame = JSON.stringify({ ...init, conv_id: ++this.#localId });
    const outcome = await this.#outbox.submit({ frame, expects: 'ready', repeatable });
    this.#changed();
    if (outcome.ok && outcome.answer.kind === 'ready') {
      const { conversationId: id, conversationKind: kind } = outcome.answer;
      this.book.current = this.book.learn({ id, kind, title });
      this.#options.show({ event: 'conversation', conversation_id: id, kind, title, current: true });
      return;
    }
    // What is typed next must not go to the conversation that was open before.
    this.book.current = null;
    const unknown = 'the connection broke before the answer came; it may or may not have been created';
    const why = !outcome.ok && outcome.reason === 'refused' ? outcome.message : unknown;
    this.problem(`Could not open ${title}: ${why}`);
  }

  #report(outcome: Outcome, conversation: KnownConversation, body: string): void {
    const { show } = this.#options;
    if (outcome.ok) {
      if (outcome.answer.kind === 'ack') show({ event: 'sent', message_id: outcome.answer.messageId, body });
      return;
    }
    this.#failed = true;
    if (outcome.reason === 'refused') {
      show({ event: 'not_sent', body, why: outcome.message });
      return;
    }
    this.#unconfirmed = { conversation, body };
    show({ event: 'unconfirmed', body });
  }

  #leave(code: 0 | 1): void {
    this.#left = true;
    this.#seen.stop();
    this.#link.stop();
    this.#outbox.stop();
    this.#changed();
    this.#finish(code);
  }

  /** The next change of the connection or of the outbox. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add(resolve);
    });
  }

  #changed(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }
}
