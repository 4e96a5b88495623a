import type { CLOSE_CODES } from '@parley/protocol/codes';
import type { WebSocketClass } from './api/options.ts';
import type { ClientState, DisconnectReason } from './api/state.ts';
import type { Backoff } from './backoff.ts';
import { type Environment, type NetworkSign, Timers } from './environment.ts';
import { type LinkEnd, SocketLink } from './socket-link.ts';
import type { Tokens } from './token.ts';
import type { FrameOf, Outgoing, ServerFrame } from './wire.ts';

export interface ConnectionOwner {
  /** What `hello` says besides who one is. */
  hello(): Outgoing;
  /** False: this is not the user one wanted. */
  onWelcome(welcome: FrameOf<'welcome'>): boolean;
  onFrame(frame: ServerFrame): void;
  /** After a welcome, the connection is gone. */
  onDown(): void;
  onState(state: ClientState): void;
  onError(error: unknown): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly webSocket: WebSocketClass | null;
  readonly backoff: Backoff;
  readonly tokens: Tokens;
  readonly environment: Environment;
}

const GOODBYE_TIMEOUT_MS = 1_000;
// The table itself would be a tenth of the bundle: its types hold these to it.
const SERVICE_RESTART: typeof CLOSE_CODES.service_restart.code = 1012;
const TOKEN_EXPIRED: typeof CLOSE_CODES.token_expired.code = 4006;

/** Keeps one link to the server: connects, and when it ends decides whether, when and with which token to connect again. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #timers: Timers;
  readonly #stopSigns: () => void;
  #link: SocketLink | null = null;
  #state: ClientState = { status: 'disconnected', reason: 'starting', detail: '', retryAtMs: null };
  /** Grows with each attempt, so that a token that comes late finds its attempt gone. */
  #attempts = 0;
  #closed = false;
  #tokenRefused = false;
  /** How long a leaving node wants this client to stay away. */
  #comeBackMs: number | null = null;

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#timers = new Timers(options.environment);
    this.#stopSigns = options.environment.onSign((sign) => this.#onSign(sign));
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Nothing more will be tried by itself. */
  get ended(): boolean {
    return this.#state.status === 'disconnected' && this.#state.retryAtMs === null && this.#state.reason !== 'starting';
  }

  send(text: string): void {
    this.#link?.send(text);
  }

  probe(): void {
    this.#link?.probe();
  }

  /** Now: at the start, and instead of waiting. Leaves a connection alone. */
  connect(): void {
    if (this.#closed || this.#state.status !== 'disconnected') return;
    this.#timers.clear();
    void this.#attempt();
  }

  /** Everything that was missed is here. */
  onSynced(): void {
    this.#options.backoff.reset();
    this.#tokenRefused = false;
    this.#set({ status: 'connected' });
  }

  /** The node will stop: leaves it after the given time, unless it closes before. */
  onGoaway(afterMs: number): void {
    if (this.#comeBackMs !== null) return;
    this.#comeBackMs = afterMs;
    this.#timers.after(afterMs, () => {
      this.#drop();
      this.#rest('node_stopping', '', 0);
    });
  }

  /** Closes for good. Resolves when the socket is closed, or after a second. */
  close(): Promise<void> {
    this.#rest('closed', '', null);
    this.#closed = true;
    this.#attempts += 1;
    this.#stopSigns();
    this.#timers.close();
    const link = this.#link;
    this.#link = null;
    return new Promise((resolve) => {
      const gone = (): void => {
        cancel();
        resolve();
      };
      const cancel = this.#options.environment.after(GOODBYE_TIMEOUT_MS, () => {
        abort?.();
        resolve();
      });
      const abort = link?.end(gone);
      if (link === null) gone();
    });
  }

  async #attempt(): Promise<void> {
    const attempt = ++this.#attempts;
    const { url, webSocket, tokens, backoff, environment } = this.#options;
    this.#set({ status: 'connecting', attempt: backoff.failures + 1 });
    if (this.#closed) return;
    if (webSocket === null) {
      this.#rest('refused', 'No WebSocket: pass the option webSocket.', null);
      return;
    }
    let credentials: Awaited<ReturnType<Tokens['credentials']>>;
    try {
      credentials = await tokens.credentials(this.#tokenRefused ? 'expired' : 'connect');
    } catch (error) {
      if (attempt !== this.#attempts) return;
      this.#owner.onError(error);
      this.#rest('no_token', String(error), backoff.next());
      return;
    }
    if (attempt !== this.#attempts) return;
    if (credentials === null) {
      this.#rest('no_token', 'No token.', null);
      return;
    }
    const identity = credentials;
    this.#comeBackMs = null;
    try {
      this.#link = new SocketLink(url, webSocket, environment, {
        ...this.#owner,
        hello: () => ({ ...this.#owner.hello(), ...identity }),
        onWelcome: (welcome) => this.#onWelcome(welcome),
        onEnd: (end) => this.#onEnd(end),
      });
    } catch (error) {
      // The WebSocket does not take the URL.
      this.#rest('refused', String(error), null);
    }
  }

  #onWelcome(welcome: FrameOf<'welcome'>): void {
    this.#set({ status: 'syncing' });
    if (!this.#closed && !this.#owner.onWelcome(welcome)) {
      this.#drop();
      this.#rest('wrong_user', `The token is of user ${welcome.user_id}.`, null);
    }
  }

  #onEnd(end: LinkEnd): void {
    this.#drop(end.welcomed);
    const { backoff, tokens } = this.#options;
    const { code, error } = end;
    const detail = error?.message ?? (end.reason || `close code ${code}`);
    const expired = code === TOKEN_EXPIRED || error?.name === 'token_expired';
    const doubtful = error?.name === 'invalid_token' && tokens.renewable && !this.#tokenRefused;
    if (expired || doubtful) {
      // A first refusal is answered at once with a new token; a new token that is refused, too, waits its turn.
      const delayMs = tokens.renewable ? (this.#tokenRefused ? backoff.next() : 0) : null;
      this.#tokenRefused = true;
      this.#rest('token_expired', detail, delayMs);
    } else if (code >= 4500 && code < 5000) this.#rest('refused', detail, null);
    else if (this.#comeBackMs !== null) {
      // From now: the wall clock may have been set meanwhile.
      this.#rest('node_stopping', detail, this.#comeBackMs);
    } else {
      const reason = code === SERVICE_RESTART ? 'node_stopping' : this.#reasonOf(end);
      this.#rest(reason, detail, backoff.next(error?.retry_after_ms));
    }
  }

  #reasonOf(end: LinkEnd): DisconnectReason {
    if (!this.#options.environment.online()) return 'offline';
    if (end.silent) return 'silent';
    if (end.error !== null || (end.code >= 4000 && end.code < 5000)) return 'server_closed';
    return end.welcomed ? 'lost' : 'unreachable';
  }

  #drop(welcomed: boolean = this.#state.status !== 'connecting'): void {
    this.#link?.end();
    this.#link = null;
    this.#timers.clear();
    if (welcomed) this.#owner.onDown();
  }

  /** @param delayMs until the next attempt; null: nothing more is tried by itself */
  #rest(reason: DisconnectReason, detail: string, delayMs: number | null): void {
    const retryAtMs = delayMs === null ? null : this.#options.environment.now() + delayMs;
    this.#timers.clear();
    // Before it is told: a listener may know better.
    if (delayMs !== null) this.#timers.after(delayMs, () => this.connect());
    this.#set({ status: 'disconnected', reason, detail, retryAtMs });
  }

  /** What the browser says of the network is a hint: a silent link is asked, and a waiting one tries at once. */
  #onSign(sign: NetworkSign): void {
    if (this.#link !== null) this.#link.probe();
    else if (sign !== 'offline' && this.#state.status === 'disconnected' && this.#state.retryAtMs !== null) {
      this.#options.backoff.reset();
      this.connect();
    }
  }

  #set(state: ClientState): void {
    if (this.#closed) return;
    this.#state = state;
    this.#owner.onState(state);
  }
}
