import type { WebSocket } from 'uWebSockets.js';
import type { Connection, ConnectionHandler } from '@parley/core';
import type { Outbox } from './outbox.ts';

/** What uWS keeps for us per socket. */
export interface SocketData {
  connection?: UwsConnection;
}
export type Socket = WebSocket<SocketData>;

export interface CloseEvent {
  readonly code: number;
  readonly slow: boolean;
}

/** A ping that waits its turn among the frames. */
class PingFrame {
  readonly payload: string;
  constructor(payload: string) {
    this.payload = payload;
  }
}
type Frame = string | Uint8Array | PingFrame;

/** `WebSocket.send`: dropped, since the socket's buffer is past its bound. */
const DROPPED = 2;
/** What uWS reports, and RFC 6455 reserves, for a socket that went without a close frame. */
export const ABNORMAL = 1006;

/**
 * One socket. Invariants:
 * - `#socket` is null from the moment uWS has closed it, and a closed socket is never touched: uWS throws on that.
 * - Frames queued within one turn of the event loop leave in one corked write; uWS by itself makes one syscall of each.
 * - Once a frame was dropped no later one is sent, so that what the client got is a prefix without a hole (G8).
 * - The handler is never called from within a method of this class, but from the outbox or from uWS.
 */
export class UwsConnection implements Connection {
  readonly id: number;
  readonly #outbox: Outbox;
  /** Set by the transport right after the engine has accepted the connection. */
  handler: ConnectionHandler | null = null;
  /** The transport's sweep during which the last whole frame, ping or pong came in. */
  heardAt: number;
  #socket: Socket | null;
  #slow: boolean = false;
  #closing: boolean = false;
  #first: Frame | null = null;
  #rest: Frame[] | null = null;
  #queuedBytes = 0;
  /** The outbox has this connection on its list for the end of the turn. */
  listed: boolean = false;
  #closeEvent: CloseEvent | null = null;

  constructor(id: number, socket: Socket, outbox: Outbox, heardAt: number) {
    this.id = id;
    this.#socket = socket;
    this.#outbox = outbox;
    this.heardAt = heardAt;
  }

  get isOpen(): boolean {
    return this.#socket !== null && !this.#closing;
  }

  send(frame: string | Uint8Array): void {
    if (!this.isOpen) return;
    this.#queue(frame, frame.length);
  }

  ping(payload: string): void {
    if (!this.isOpen) return;
    this.#queue(new PingFrame(payload), payload.length);
  }

  bufferedBytes(): number {
    if (this.#socket === null || this.#closing) return 0;
    return this.#queuedBytes + this.#socket.getBufferedAmount();
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.flush();
    const socket = this.#socket;
    if (socket === null || this.#closing) return;
    this.#closing = true;
    socket.end(code, reason);
  }

  /** Ends the socket without a close frame. */
  abort(): void {
    const socket = this.#socket;
    if (socket === null || this.#closing) return;
    this.#closing = true;
    socket.close();
  }

  /** Writes what is queued. May find the socket too slow and end it. */
  flush(): void {
    const socket = this.#socket;
    if (socket === null || this.#closing || this.#first === null) return;
    if (this.#rest === null) this.#writeQueued(socket);
    else this.#outbox.corked(socket, this);
    if (this.#slow) this.abort();
  }

  /** The body of a cork: only the outbox and `flush` call it. */
  writeCorked(): void {
    if (this.#socket !== null) this.#writeQueued(this.#socket);
  }

  /** The end of a turn: everything leaves, and the engine hears what has happened since. */
  settle(): void {
    this.listed = false;
    this.flush();
    if (this.#closeEvent !== null) {
      const event = this.#closeEvent;
      this.#closeEvent = null;
      this.#emitClose(event);
    } else if (this.isOpen && this.#first === null && this.#socket?.getBufferedAmount() === 0) {
      this.handler?.onDrain();
    }
  }

  /** uWS has more room in the kernel's buffer. */
  drained(): void {
    if (this.isOpen && this.bufferedBytes() === 0) this.handler?.onDrain();
  }

  /** uWS has closed the socket; `code` as uWS reports it. Called exactly once. */
  closed(code: number): void {
    this.#socket = null;
    this.#first = null;
    this.#rest = null;
    this.#queuedBytes = 0;
    const event = { code: code === 0 ? ABNORMAL : code, slow: this.#slow };
    if (this.#closing) {
      // Within `close` or `abort`: the engine hears of it at the end of the turn, not in the middle of its own call.
      this.#closeEvent = event;
      this.#outbox.add(this);
    } else {
      this.#emitClose(event);
    }
  }

  #emitClose(event: CloseEvent): void {
    const handler = this.handler;
    this.handler = null;
    handler?.onClose(event);
  }

  #queue(frame: Frame, bytes: number): void {
    if (this.#first === null) this.#first = frame;
    else if (this.#rest === null) this.#rest = [frame];
    else this.#rest.push(frame);
    this.#queuedBytes += bytes;
    this.#outbox.add(this);
    // The turn's queue is bounded too: a long one goes to the kernel, or to the buffer that uWS bounds, at once.
    if (this.#queuedBytes > this.#outbox.maxQueuedBytes) this.flush();
  }

  #writeQueued(socket: Socket): void {
    const first = this.#first;
    const rest = this.#rest;
    this.#first = null;
    this.#rest = null;
    this.#queuedBytes = 0;
    if (first !== null && !this.#write(socket, first)) return;
    if (rest === null) return;
    for (const frame of rest) if (!this.#write(socket, frame)) return;
  }

  /** False once a frame was dropped. */
  #write(socket: Socket, frame: Frame): boolean {
    const status = frame instanceof PingFrame ? socket.ping(frame.payload) : socket.send(frame, false, false);
    if (status !== DROPPED) return true;
    this.#slow = true;
    return false;
  }
}
