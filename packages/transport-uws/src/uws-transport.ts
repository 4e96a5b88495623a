import type { HttpRequest, HttpResponse, us_listen_socket, us_socket_context_t } from 'uWebSockets.js';
import type { AcceptConnection, CancelTimer, Clock, Log } from '@parley/core';
import { checkHandshake, type HandshakeRequest, type HandshakeResult, type HandshakeRules } from './handshake.ts';
import { explainListenFailure } from './listen-failure.ts';
import { loadUws, type UwsApp, type UwsModule } from './native-addon.ts';
import { Outbox } from './outbox.ts';
import { ABNORMAL, type Socket, type SocketData, UwsConnection } from './uws-connection.ts';
import { answer, PLAIN_HTTP, type Refusal, readRequest } from './uws-http.ts';
import { DEFAULT_HANDSHAKE_RULES, DEFAULT_LIMITS, type UwsLimits, type UwsTransportOptions } from './uws-options.ts';

/** How often connections are looked over for frames that do not come to an end. */
const SWEEP_MS = 5_000;
/** What a goodbye may take to arrive before `close` may cut it short. */
const LINGER_MS = 1_000;
/** RFC 6455: the server met something unexpected. Only for bugs of the engine. */
const INTERNAL_ERROR = 1011;

/**
 * WebSocket server on uWebSockets.js: TLS, compression and pub/sub of uWS are not used. Bounds: connections, handshake bytes, frame bytes,
 * buffered bytes per socket, time to a whole request (10 s, by uWS), time to a whole frame. The time to the first frame is the engine's.
 */
export class UwsTransport {
  readonly #uws: UwsModule;
  readonly #app: UwsApp;
  readonly #accept: AcceptConnection;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: UwsTransportOptions;
  readonly #rules: HandshakeRules;
  readonly #limits: UwsLimits;
  readonly #outbox: Outbox;
  readonly #connections = new Set<UwsConnection>();
  /** A byte order mark is a character of the message like any other. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #listenSocket: us_listen_socket | null = null;
  #refusing: boolean = false;
  #lastId = 0;
  #sweeps = 0;
  #cancelSweep: CancelTimer | null = null;
  #lastGoodbyeMs = Number.NEGATIVE_INFINITY;

  /** @throws NativeAddonError when uWebSockets.js does not run on this machine. */
  constructor(options: UwsTransportOptions) {
    this.#uws = loadUws();
    this.#options = options;
    this.#accept = options.accept;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#rules = { ...DEFAULT_HANDSHAKE_RULES, ...options.handshake };
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#outbox = new Outbox(this.#clock, this.#log, this.#limits.maxQueuedBytes);
    this.#app = this.#buildApp();
  }

  /** Open sockets. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Listens, once per transport. Rejects with a `ListenError` that says why. */
  async listen(): Promise<{ readonly port: number }> {
    const { host, port } = this.#options;
    // Without "exclusive" a second process would share the port (SO_REUSEPORT) and take half of the clients.
    const token = await new Promise<us_listen_socket | false>((resolve) => {
      this.#app.listen(host, port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve);
    });
    if (!token) throw await explainListenFailure(host, port);
    this.#listenSocket = token;
    this.#cancelSweep = this.#clock.every(SWEEP_MS, () => this.#sweep());
    return { port: this.#uws.us_socket_local_port(token) };
  }

  /** Takes no new connections; those that are open stay. A handshake that is under way is answered 503. Idempotent. */
  stopListening(): void {
    this.#refusing = true;
    if (this.#listenSocket === null) return;
    this.#uws.us_listen_socket_close(this.#listenSocket);
    this.#listenSocket = null;
  }

  /**
   * Resolves a second after the last connection ended with a close frame; at once if that is long ago. Until then uWS keeps the socket half open and
   * drops what the client still sends. `close`, or the end of the process, would answer that with a reset, and a reset takes with it what has not
   * been read yet at the other end, or by a balancer between: answers, and the close frame itself.
   */
  async linger(): Promise<void> {
    const leftMs = this.#lastGoodbyeMs + LINGER_MS - this.#clock.nowMs();
    if (leftMs > 0) await new Promise<void>((resolve) => this.#clock.after(leftMs, resolve));
  }

  /** Ends everything at once, without close frames; each handler hears of it. Idempotent. */
  close(): void {
    this.stopListening();
    this.#cancelSweep?.();
    this.#cancelSweep = null;
    this.#app.close();
  }

  #buildApp(): UwsApp {
    const limits = this.#limits;
    return this.#uws
      .App()
      .ws<SocketData>('/*', {
        maxPayloadLength: this.#options.maxFrameBytes,
        maxBackpressure: limits.maxBufferedBytes,
        // uWS types these two as numbers; they are switches.
        closeOnBackpressureLimit: 1,
        idleTimeout: limits.idleTimeoutSeconds,
        sendPingsAutomatically: true,
        maxLifetime: 0,
        compression: this.#uws.DISABLED,
        upgrade: (res, req, context) => this.#guardHttp(res, () => this.#upgrade(res, req, context)),
        open: (socket) => this.#open(socket),
        message: (socket, data, isBinary) => this.#message(socket, data, isBinary),
        ping: (socket) => this.#heard(socket),
        pong: (socket, payload) => this.#pong(socket, payload),
        drain: (socket) => this.#guard(socket, (connection) => connection.drained()),
        close: (socket, code) => this.#closed(socket, code),
      })
      .any('/*', (res, req) => this.#guardHttp(res, () => this.#plainHttp(res, req))) as UwsApp;
  }

  /** Synchronous throughout: uWS ends the process when a client goes away under an upgrade that is waiting. */
  #upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const result = this.#admit(readRequest(res, req));
    if (!result.ok) {
      this.#refuse(res, result);
      return;
    }
    res.upgrade<SocketData>({}, result.key, result.subprotocol, '', context);
  }

  #admit(request: HandshakeRequest): HandshakeResult {
    if (this.#refusing) {
      return { ok: false, status: '503 Service Unavailable', reason: 'draining', text: 'This node is stopping.' };
    }
    const result = checkHandshake(request, this.#rules);
    if (!result.ok || this.#connections.size < this.#limits.maxConnections) return result;
    return {
      ok: false,
      status: '503 Service Unavailable',
      reason: 'too_many_connections',
      text: 'This node has all the connections it may have.',
      headers: { 'Retry-After': '5' },
    };
  }

  #plainHttp(res: HttpResponse, req: HttpRequest): void {
    const request = readRequest(res, req);
    // uWS hands on an upgrade whose key has not the right length as if it were plain HTTP.
    const wantsWebSocket = request.headers.some(
      ([name, value]) => name === 'upgrade' && value.toLowerCase().includes('websocket'),
    );
    const result = wantsWebSocket ? this.#admit(request) : null;
    this.#refuse(res, result === null || result.ok ? PLAIN_HTTP : result);
  }

  #refuse(res: HttpResponse, refusal: Refusal): void {
    this.#log.debug({ reason: refusal.reason }, 'request refused');
    this.#options.onRefused?.(refusal.reason);
    answer(res, refusal);
  }

  /** An error that reaches uWS leaves the request unanswered, and uWS ends the process for that. */
  #guardHttp(res: HttpResponse, handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#log.error({ err: error }, 'a request handler threw');
      res.close();
    }
  }

  #open(socket: Socket): void {
    this.#lastId += 1;
    const connection = new UwsConnection(this.#lastId, socket, this.#outbox, this.#sweeps);
    socket.getUserData().connection = connection;
    this.#connections.add(connection);
    this.#guard(socket, () => {
      connection.handler = this.#accept(connection);
    });
  }

  #message(socket: Socket, data: ArrayBuffer, isBinary: boolean): void {
    const connection = this.#heard(socket);
    const handler = connection?.handler;
    if (connection === undefined || handler == null || !connection.isOpen) return;
    try {
      if (isBinary) handler.onBinary();
      // The buffer is uWS's own and is gone when this returns. uWS has checked that it is UTF-8.
      else handler.onText(this.#decoder.decode(data));
    } catch (error) {
      this.#blame(connection, error);
    }
  }

  #pong(socket: Socket, payload: ArrayBuffer): void {
    const connection = this.#heard(socket);
    // Pings without a payload are uWS's and the sweep's own.
    if (connection === undefined || payload.byteLength === 0 || !connection.isOpen) return;
    try {
      connection.handler?.onPong(this.#decoder.decode(payload));
    } catch (error) {
      this.#blame(connection, error);
    }
  }

  #closed(socket: Socket, code: number): void {
    const connection = socket.getUserData().connection;
    if (connection === undefined) return;
    this.#connections.delete(connection);
    if (code !== ABNORMAL) this.#lastGoodbyeMs = this.#clock.nowMs();
    try {
      connection.closed(code);
    } catch (error) {
      this.#log.error({ connection: connection.id, err: error }, 'a connection handler threw');
    }
  }

  #heard(socket: Socket): UwsConnection | undefined {
    const connection = socket.getUserData().connection;
    if (connection !== undefined) connection.heardAt = this.#sweeps;
    return connection;
  }

  #guard(socket: Socket, act: (connection: UwsConnection) => void): void {
    const connection = socket.getUserData().connection;
    if (connection === undefined) return;
    try {
      act(connection);
    } catch (error) {
      this.#blame(connection, error);
    }
  }

  /** A bug of the engine costs one connection, not the node: an error that reaches uWS ends the process. */
  #blame(connection: UwsConnection, error: unknown): void {
    this.#log.error({ connection: connection.id, err: error }, 'a connection handler threw');
    connection.close(INTERNAL_ERROR, 'internal error');
  }

  /**
   * Every socket that is well is heard from once per idle timeout: uWS pings the silent, and this sweep those that uWS thinks alive since
   * single bytes keep coming. Counted in sweeps and not in time: a process that was paused does not close everyone.
   */
  #sweep(): void {
    this.#sweeps += 1;
    const pingAfter = Math.ceil((this.#limits.idleTimeoutSeconds * 1000) / SWEEP_MS);
    const closeAfter = pingAfter + Math.ceil(this.#limits.frameTimeoutMs / SWEEP_MS);
    for (const connection of this.#connections) {
      const quiet = this.#sweeps - connection.heardAt;
      if (quiet > closeAfter) {
        this.#log.debug({ connection: connection.id }, 'closed: no whole frame in time');
        connection.abort();
      } else if (quiet === pingAfter) {
        connection.ping('');
      }
    }
  }
}
