import type { LocalUser } from '../local-user.ts';
import type { ConversationId } from '../types.ts';

/** Who asks: a signed-in session, as handlers see it. */
export interface Caller {
  readonly user: LocalUser;
  readonly sessionId: number;
  /**
   * Sends that wait for a look-up of their conversation, per conversation: later sends to it wait behind them, so that a session's sends stay in
   * order. Null while there are none, which is nearly always. Bounded by the session's requests in flight.
   */
  lookups: Map<ConversationId, Promise<unknown>> | null;
}
