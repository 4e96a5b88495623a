import type { ChatError } from './chat-error.ts';
import type { Timers } from './environment.ts';
import type { Requests } from './requests.ts';

type Step = 'delivered' | 'seen';

const WINDOW_MS = 150;
/** As many conversations wait at most; at the bound they are told at once. */
const MAX_PENDING = 1_000;

export interface OutgoingReceiptsDependencies {
  readonly requests: Requests;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

/**
 * Tells the server how far this device has come. Coalesced: within a short window only the highest counts, and `seen` says `delivered` as
 * well. Told again after a lost connection, until the server has answered.
 */
export class OutgoingReceipts {
  readonly #deps: OutgoingReceiptsDependencies;
  readonly #pending = { delivered: new Map<number, number>(), seen: new Map<number, number>() };
  #cancel: (() => void) | null = null;
  #up = false;

  constructor(deps: OutgoingReceiptsDependencies) {
    this.#deps = deps;
  }

  mark(step: Step, conversationId: number, seq: number): void {
    const pending = this.#pending[step];
    if (seq <= (pending.get(conversationId) ?? 0)) return;
    pending.set(conversationId, seq);
    if (!this.#up) return;
    if (pending.size >= MAX_PENDING) this.flush();
    else this.#cancel ??= this.#deps.timers.after(WINDOW_MS, () => this.flush());
  }

  /** What the server was told of in a store that is gone. */
  forget(conversationId: number): void {
    this.#pending.delivered.delete(conversationId);
    this.#pending.seen.delete(conversationId);
  }

  onUp(): void {
    this.#up = true;
    this.flush();
  }

  onDown(): void {
    this.#up = false;
    this.#cancel?.();
    this.#cancel = null;
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (!this.#up) return;
    const { delivered, seen } = this.#pending;
    for (const [conversationId, seq] of seen) {
      if ((delivered.get(conversationId) ?? 0) <= seq) delivered.delete(conversationId);
    }
    for (const step of ['delivered', 'seen'] as const) {
      const marks = [...this.#pending[step]];
      this.#pending[step].clear();
      for (const [conversationId, seq] of marks) void this.#tell(step, conversationId, seq);
    }
  }

  async #tell(step: Step, conversationId: number, seq: number): Promise<void> {
    try {
      await this.#deps.requests.once('ok', { type: step, conv_id: conversationId, seq });
    } catch (error) {
      const { code, temporary, retryAfterMs } = error as ChatError;
      if (temporary) {
        // With the next connection, or later.
        if (code === 'disconnected') this.mark(step, conversationId, seq);
        else this.#deps.timers.after(retryAfterMs ?? 1_000, () => this.mark(step, conversationId, seq));
      } else if (code !== 'not_a_member') this.#deps.onError(error);
    }
  }
}
