import type { WebSocketClass, WebSocketLike } from './api/options.ts';
import { type Environment, Timers } from './environment.ts';
import type { FrameOf, Outgoing, ServerFrame } from './wire.ts';

export interface LinkEnd {
  /** WebSocket close code; 1006 when there was none. */
  readonly code: number;
  readonly reason: string;
  /** The last error that answered no request: why the server closed. */
  readonly error: FrameOf<'error'> | null;
  readonly welcomed: boolean;
  /** A ping went unanswered. */
  readonly silent: boolean;
}

export interface LinkOwner {
  hello(): Outgoing;
  onWelcome(welcome: FrameOf<'welcome'>): void;
  onFrame(frame: ServerFrame): void;
  /** A frame that is not what it should be was passed over. */
  onError(error: unknown): void;
  /** Exactly once, and nothing after it. Not called after `end()`. */
  onEnd(end: LinkEnd): void;
}

const WELCOME_TIMEOUT_MS = 15_000;
const PONG_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 5_000;
const MIN_TICK_MS = 1_000;
const NORMAL_CLOSURE = 1000;
const ABNORMAL = 1006;

/** One socket from its opening to its end: the handshake of `hello` and `welcome`, and the heartbeat. */
export class SocketLink {
  readonly #owner: LinkOwner;
  readonly #timers: Timers;
  #socket: WebSocketLike | null;
  #welcomed = false;
  #heard = false;
  #idleTicks = 0;
  #error: FrameOf<'error'> | null = null;
  #cancelProbe: (() => void) | null = null;

  /** @throws what the constructor of the WebSocket throws, for example for a wrong URL */
  constructor(url: string, socketClass: WebSocketClass, environment: Environment, owner: LinkOwner) {
    this.#owner = owner;
    this.#timers = new Timers(environment);
    const socket = new socketClass(url);
    this.#socket = socket;
    // Until the welcome.
    this.#timers.after(WELCOME_TIMEOUT_MS, () => this.#lose(true));
    socket.onopen = () => {
      if (this.#socket === socket) socket.send(JSON.stringify(owner.hello()));
    };
    socket.onmessage = (event: { readonly data: unknown }) => {
      if (this.#socket === socket && typeof event.data === 'string') this.#receive(event.data);
    };
    socket.onclose = (event: { readonly code?: number; readonly reason?: string }) => {
      if (this.#socket === socket) this.#finish(event.code ?? ABNORMAL, String(event.reason ?? ''), false);
    };
    // The close event follows; without a listener, `ws` would throw, also at the end of an attempt that is given up.
    socket.onerror = () => undefined;
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  /** Asks for a sign of life; none within seconds ends the link. */
  probe(timeoutMs: number = PROBE_TIMEOUT_MS): void {
    if (!this.#welcomed || this.#cancelProbe !== null) return;
    this.send('{"type":"ping"}');
    this.#cancelProbe = this.#timers.after(timeoutMs, () => this.#lose(true));
  }

  /** Closes without telling the owner, at once, or with `onGone` when the other side has said goodbye, too: what is returned does not wait for that. */
  end(onGone?: () => void): () => void {
    const socket = this.#socket;
    this.#release();
    const abort = (): void => {
      if (socket !== null) terminate(socket);
    };
    if (onGone === undefined) abort();
    else if (socket === null) onGone();
    else {
      socket.onclose = onGone;
      socket.close(NORMAL_CLOSURE);
    }
    return abort;
  }

  #receive(text: string): void {
    this.#heard = true;
    this.#cancelProbe?.();
    this.#cancelProbe = null;
    let type: unknown;
    try {
      // `null` is JSON, too.
      const frame = (JSON.parse(text) as ServerFrame | null) ?? ({} as ServerFrame);
      type = frame.type;
      if (frame.type === 'welcome') {
        this.#welcomed = true;
        this.#timers.clear();
        this.#watch(Math.max(MIN_TICK_MS, frame.heartbeat_ms / 2 || 0));
        this.#owner.onWelcome(frame);
      } else {
        // Only the last one before the end says why it came.
        this.#error = frame.type === 'error' && frame.ref === undefined ? frame : null;
        this.#owner.onFrame(frame);
      }
    } catch (error) {
      // Its fields are not what they should be. Without a type, or a welcome: not a server of this protocol.
      if (type === undefined || type === 'welcome') this.#lose(false);
      else this.#owner.onError(error);
    }
  }

  /** Two ticks of half a heartbeat without a frame: asks. Counting ticks, not time, is right also after the machine has slept. */
  #watch(tickMs: number): void {
    this.#timers.after(tickMs, () => {
      this.#idleTicks = this.#heard ? 0 : this.#idleTicks + 1;
      this.#heard = false;
      if (this.#idleTicks >= 2) this.probe(PONG_TIMEOUT_MS);
      this.#watch(tickMs);
    });
  }

  #lose(silent: boolean): void {
    const socket = this.#socket;
    this.#finish(ABNORMAL, '', silent);
    // A dead peer does not answer a close frame.
    if (socket !== null) terminate(socket);
  }

  #finish(code: number, reason: string, silent: boolean): void {
    if (this.#socket === null) return;
    this.#release();
    this.#owner.onEnd({ code, reason, error: this.#error, welcomed: this.#welcomed, silent });
  }

  /** What the socket still says is for nobody. */
  #release(): void {
    this.#timers.clear();
    this.#socket = null;
  }
}

/** Where the socket has a way to end at once, as that of `ws` has: its own timer would wait half a minute. */
function terminate(socket: WebSocketLike & { terminate?: () => void }): void {
  socket.close(NORMAL_CLOSURE);
  socket.terminate?.();
}
