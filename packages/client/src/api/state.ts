/** Why there is no connection. */
export type DisconnectReason =
  /** The client was just made. */
  | 'starting'
  /** `close()` was called. Final. */
  | 'closed'
  /** The browser says that there is no network; tried again when it says otherwise, and now and then. */
  | 'offline'
  /** The connection could not be opened. */
  | 'unreachable'
  /** The connection ended without a reason given. */
  | 'lost'
  /** Nothing was heard for longer than the server's heartbeat, and a ping went unanswered. */
  | 'silent'
  /** The node is stopping; the next connection goes to another. */
  | 'node_stopping'
  /** The server closed it for a passing reason (`detail` has it). */
  | 'server_closed'
  /** The token has expired. With `getToken` a new one is got; otherwise final. */
  | 'token_expired'
  /** `getToken` failed (tried again), or gave null (final until `reconnect()`). */
  | 'no_token'
  /** The server does not let this user in, or not with this version. Final until `reconnect()`. */
  | 'refused'
  /** The token is another user's than `userId` says. Final until `reconnect()`. */
  | 'wrong_user';

/**
 * - `disconnected`: no connection; `retryAtMs` says when the next attempt is made (milliseconds since the epoch), null: none is.
 * - `connecting`: an attempt is under way (`attempt` counts from 1 since the last good connection).
 * - `syncing`: signed in, sends go out; what was missed is on its way.
 * - `connected`: complete and live.
 */
export type ClientState =
  | {
      readonly status: 'disconnected';
      readonly reason: DisconnectReason;
      readonly detail: string;
      readonly retryAtMs: number | null;
    }
  | { readonly status: 'connecting'; readonly attempt: number }
  | { readonly status: 'syncing' }
  | { readonly status: 'connected' };
