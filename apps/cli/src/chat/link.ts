import type { CancelTimer, Clock } from '@parley/core';
import { type RawData, WebSocket } from 'ws';
import { BACKOFF, fullJitterMs, mayReconnect } from './backoff.ts';
import { decodeServerFrame, type ServerFrame } from './server-frame.ts';

/** How long an open socket may take to answer the first frame, and how long a live one may be silent after a ping. */
const ANSWER_TIMEOUT_MS = 10_000;
const PING_EVERY_MS = 20_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** HTTP answers to the upgrade that another try will not change. */
const FINAL_HTTP_STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 426]);

export interface LinkEvents {
  /** Signed in; frames may be sent. */
  onUp(userId: number): void;
  onFrame(frame: ServerFrame): void;
  /** The connection is gone or was never made; comes back in `retryInMs`. */
  onDown(why: string, retryInMs: number): void;
  /** The connection is gone and must not be made again. The last event. */
  onEnd(why: string): void;
}

export interface LinkOptions {
  readonly url: string;
  /** The sign-in: a user id or a token (L1, L17). */
  readonly firstFrame: string;
  readonly clock: Pick<Clock, 'nowMs' | 'after' | 'every'>;
  readonly random: () => number;
  /** False: the first loss is the end. */
  readonly reconnect: boolean;
}

/**
 * One signed-in connection to a node, made again whenever it is lost and the close code allows it. At most one socket at a time; every event
 * of an earlier socket is ignored. Nothing is buffered: `send` while down returns false.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #socket: WebSocket | null = null;
  #up: boolean = false;
  #ended: boolean = false;
  #failures = 0;
  #upSinceMs = 0;
  #lastError: string | null = null;
  #heard: boolean = false;
  #timers: CancelTimer[] = [];

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#events = events;
  }

  get up(): boolean {
    return this.#up;
  }

  start(): void {
    const socket = new WebSocket(this.#options.url, {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#socket = socket;
    this.#lastError = null;
    const mine = (act: () => void) => () => (this.#socket === socket ? act() : undefined);
    socket.on(
      'open',
      mine(() => this.#signIn(socket)),
    );
    socket.on('message', (data) => this.#socket === socket && this.#receive(data));
    socket.on(
      'ping',
      mine(() => this.#hear()),
    );
    socket.on(
      'pong',
      mine(() => this.#hear()),
    );
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      if (this.#socket !== socket) return;
      const status = response.statusCode ?? 0;
      const why = `the server answered HTTP ${status} instead of opening a WebSocket`;
      this.#lost(why, FINAL_HTTP_STATUSES.has(status) ? 'never' : 'backoff');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#lastError ??= describeError(error, this.#options.url);
    });
    socket.on('close', (code, reason) => this.#socket === socket && this.#closed(code, reason.toString()));
  }

  /** @returns whether the frame was handed to a live connection; it may still get lost with it */
  send(frame: string): boolean {
    if (!this.#up || this.#socket === null) return false;
    this.#socket.send(frame);
    return true;
  }

  /** Drops a connection that does not answer; it is then made again. */
  drop(why: string): void {
    if (this.#socket !== null) this.#lost(why, 'backoff');
  }

  /** Closes for good, without an event. */
  stop(): void {
    this.#ended = true;
    this.#release()?.close(1000);
  }

  #signIn(socket: WebSocket): void {
    socket.send(this.#options.firstFrame);
    this.#timers.push(
      this.#options.clock.after(ANSWER_TIMEOUT_MS, () => this.drop('the node did not answer the sign-in in time')),
    );
  }

  #receive(data: RawData): void {
    this.#hear();
    const frame = decodeServerFrame(data.toString());
    if (this.#up) {
      this.#events.onFrame(frame);
      return;
    }
    if (frame.kind === 'error') this.#lastError = `${frame.message} (${frame.name})`;
    if (frame.kind !== 'signed_in') return;
    this.#clearTimers();
    this.#up = true;
    this.#upSinceMs = this.#options.clock.nowMs();
    this.#heard = true;
    this.#timers.push(this.#options.clock.every(PING_EVERY_MS, () => this.#checkAlive()));
    this.#events.onUp(frame.userId);
  }

  #hear(): void {
    this.#heard = true;
  }

  /** Half-open connections say nothing for ever: a ping must bring something back before the next one. */
  #checkAlive(): void {
    if (!this.#heard) {
      this.drop('the node has gone silent');
      return;
    }
    this.#heard = false;
    this.#socket?.ping();
  }

  #closed(code: number, reason: string): void {
    const why = this.#lastError ?? describeClose(code, reason);
    if (mayReconnect(code)) this.#lost(why, code === 1012 ? 'at_once' : 'backoff');
    else this.#lost(why, 'never');
  }

  #lost(why: string, next: 'at_once' | 'backoff' | 'never'): void {
    const { clock, random, reconnect } = this.#options;
    if (this.#up && clock.nowMs() - this.#upSinceMs >= BACKOFF.stableMs) this.#failures = 0;
    this.#release()?.terminate();
    if (this.#ended) return;
    if (next === 'never' || !reconnect) {
      this.#ended = true;
      this.#events.onEnd(why);
      return;
    }
    const again = next === 'at_once' && this.#failures === 0;
    const delayMs = again ? Math.floor(random() * BACKOFF.restartSpreadMs) : fullJitterMs(this.#failures, random());
    this.#failures++;
    this.#timers.push(clock.after(delayMs, () => this.start()));
    this.#events.onDown(why, delayMs);
  }

  /** Lets go of the socket and of every timer. */
  #release(): WebSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    this.#up = false;
    this.#clearTimers();
    return socket;
  }

  #clearTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }
}

function describeError(error: NodeJS.ErrnoException, url: string): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${url}; start a node with "npm start", or give the right address with --url`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host of ${url} is not known; check --url`;
    default:
      return error.message === '' ? String(error.code) : error.message;
  }
}

function describeClose(code: number, reason: string): string {
  if (code === 1006) return 'the connection broke';
  return reason === '' ? `the node closed the connection (${code})` : `${reason} (${code})`;
}
