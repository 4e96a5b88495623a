import type { Connection, ConnectionHandler } from '../ports/connection.ts';

/** A socket of a test: keeps what the engine sends, answers pings and drains only when told to. */
export class FakeConnection implements Connection {
  readonly id: number;
  readonly frames: string[] = [];
  readonly pings: string[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  /** Bytes that pretend to wait for the kernel. */
  buffered = 0;
  /** While set, what is sent stays buffered. */
  stalled = false;
  handler: ConnectionHandler | null = null;
  onFrame: ((frame: string) => void) | null = null;

  constructor(id: number) {
    this.id = id;
  }

  send(frame: string | Uint8Array): void {
    if (this.closed !== null) return;
    const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8');
    this.frames.push(text);
    if (this.stalled) this.buffered += text.length;
    this.onFrame?.(text);
  }

  ping(payload: string): void {
    if (this.closed === null) this.pings.push(payload);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  close(code: number, reason: string): void {
    if (this.closed !== null) return;
    this.closed = { code, reason };
    queueMicrotask(() => this.hangUp(code));
  }

  /** The client's stack has read everything so far. */
  drain(): void {
    this.buffered = 0;
    if (this.closed === null) this.handler?.onDrain();
  }

  /** The client's stack answers the pings it got. */
  pong(): void {
    for (const payload of this.pings.splice(0)) if (this.closed === null) this.handler?.onPong(payload);
  }

  say(frame: string | object): void {
    if (this.closed === null) this.handler?.onText(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The socket is gone. */
  hangUp(code = 1006): void {
    const handler = this.handler;
    this.handler = null;
    this.closed ??= { code, reason: '' };
    handler?.onClose({ code, slow: false });
  }
}
