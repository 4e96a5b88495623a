import type { Watcher } from '../presence/presence-table.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import type { LocalUser } from '../session/local-user.ts';
import type { SessionDelivery } from '../session/session-delivery.ts';
import type { ConversationId, TimeUs } from '../types.ts';

/** What handlers of session frames ask of the session. */
export interface SessionControl {
  /** The proof of who this is now lasts until then. */
  renew(expiresAtUs: TimeUs): void;
  /** Null when its socket takes a long answer now; else resolves when it does, or is gone. */
  room(): Promise<void> | null;
  /** Takes no more frames and closes when every request has its answer. */
  leave(): void;
}

/** Who asks: a signed-in session, as handlers see it. */
export interface Caller {
  readonly user: LocalUser;
  readonly sessionId: number;
  readonly delivery: SessionDelivery;
  readonly session: SessionControl;
  /** Its watches of other users' presence. */
  readonly watcher: Watcher;
  /** Made with the first `typing`. */
  typing: RateLimiter | null;
  /**
   * Sends that wait for a look-up of their conversation, per conversation: later sends to it wait behind them, so that a session's sends stay in
   * order. Null while there are none, which is nearly always. Bounded by the session's requests in flight.
   */
  lookups: Map<ConversationId, Promise<unknown>> | null;
}
