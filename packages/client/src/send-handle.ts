import type { SendHandle, SendResult, SendStatus, SentPlace } from './api/send-handle.ts';
import type { StoredSend } from './api/storage.ts';
import type { ChatError } from './chat-error.ts';
import { Listeners } from './listeners.ts';

const ORDER: readonly SendStatus[] = ['queued', 'sent', 'delivered', 'seen'];

interface Hooks {
  readonly onChange: (handle: OutgoingSend) => void;
  readonly cancel: (handle: OutgoingSend) => Promise<boolean>;
  readonly onThrow: (error: unknown) => void;
}

/** What `send` returns: a message on its way. Only the outbox and the receipts move it. */
export class OutgoingSend implements SendHandle {
  readonly record: StoredSend;
  declare readonly conversationId: number;
  declare readonly clientId: string;
  declare readonly text: string;
  declare readonly queuedAtMs: number;
  readonly settled: Promise<SendResult>;
  stored: Promise<boolean> = Promise.resolve(false);
  status: SendStatus = 'queued';
  place: SentPlace | null = null;
  error: ChatError | null = null;
  readonly #hooks: Hooks;
  readonly #listeners = new Listeners<[status: SendStatus, handle: SendHandle]>();
  #settle: (result: SendResult) => void = () => undefined;

  constructor(record: StoredSend, hooks: Hooks) {
    this.record = record;
    Object.assign(this, record);
    this.#hooks = hooks;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  onStatus(listener: (status: SendStatus, handle: SendHandle) => void): () => void {
    return this.#listeners.add(listener);
  }

  cancel(): Promise<boolean> {
    return this.status === 'queued' ? this.#hooks.cancel(this) : Promise.resolve(false);
  }

  /** Once; later calls change nothing. */
  succeed(place: SentPlace): void {
    if (this.status !== 'queued') return;
    this.place = place;
    this.#settle({ ok: true, ...place });
    this.#become('sent');
  }

  /** Once; later calls change nothing. */
  fail(error: ChatError): void {
    if (this.status !== 'queued') return;
    this.error = error;
    this.#settle({ ok: false, error });
    this.#become('failed');
  }

  /** Forwards only. */
  advance(status: 'sent' | 'delivered' | 'seen'): void {
    if (this.place !== null && ORDER.indexOf(status) > ORDER.indexOf(this.status)) this.#become(status);
  }

  /** The client has closed: nobody here will know how it ends. */
  abandon(error: ChatError): void {
    this.#settle({ ok: false, error });
  }

  #become(status: SendStatus): void {
    this.status = status;
    this.#listeners.call(this.#hooks.onThrow, status, this);
    this.#hooks.onChange(this);
  }
}
