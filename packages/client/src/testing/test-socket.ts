import type { AcceptConnection, Connection, ConnectionHandler } from '@parley/core';
import type { WebSocketLike } from '../api/options.ts';
import type { TestServerClock } from './test-clock.ts';

/** What happens to one frame: it passes, arrives twice, or the connection is cut before or after it. */
export type FrameFate = 'pass' | 'twice' | 'cut_before' | 'cut_after';

/** One frame on its way, `up` to the server or `down` to the client. */
export interface FrameInTransit {
  readonly direction: 'up' | 'down';
  readonly text: string;
}

export interface SocketHost {
  readonly clock: TestServerClock;
  /** Null: nobody listens. */
  accept(socket: TestSocket): AcceptConnection | null;
  fateOf(frame: FrameInTransit): FrameFate;
  onClosed(socket: TestSocket): void;
}

const ABNORMAL = 1006;

/**
 * Both ends of a connection in one process. Frames arrive in order, each in a turn of the clock of its own; a cut loses what is under way, and the server's
 * end does not notice before the client's.
 */
export class TestSocket implements WebSocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly #host: SocketHost;
  #handler: ConnectionHandler | null = null;
  #closed = false;

  constructor(host: SocketHost, id: number) {
    this.#host = host;
    host.clock.after(0, () => this.#open(id));
  }

  send(text: string): void {
    this.#carry('up', text, () => this.#handler?.onText(text));
  }

  close(code = 1000): void {
    this.#host.clock.after(0, () => this.#end(code, ''));
  }

  /** As a network that breaks. */
  cut(): void {
    this.#end(ABNORMAL, '');
  }

  #open(id: number): void {
    if (this.#closed) return;
    const accept = this.#host.accept(this);
    if (accept === null) {
      this.#end(ABNORMAL, '');
      return;
    }
    const { clock } = this.#host;
    const connection: Connection = {
      id,
      send: (frame) => {
        const text = typeof frame === 'string' ? frame : new TextDecoder().decode(frame);
        this.#carry('down', text, () => (this.onmessage as ((event: object) => void) | null)?.({ data: text }));
      },
      ping: (payload) => {
        clock.after(0, () => this.#handler?.onPong(payload));
      },
      bufferedBytes: () => 0,
      close: (code, reason) => {
        // Behind the frames that were sent before it.
        clock.after(0, () => this.#end(code, reason));
      },
    };
    this.#handler = accept(connection);
    (this.onopen as ((event: object) => void) | null)?.({});
  }

  #carry(direction: FrameInTransit['direction'], text: string, arrive: () => void): void {
    this.#host.clock.after(0, () => {
      if (this.#closed) return;
      const fate = this.#host.fateOf({ direction, text });
      if (fate !== 'cut_before') arrive();
      if (fate === 'twice') arrive();
      if (fate === 'cut_before' || fate === 'cut_after') this.cut();
    });
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    const handler = this.#handler;
    this.#handler = null;
    this.#host.onClosed(this);
    handler?.onClose({ code, slow: false });
    (this.onclose as ((event: object) => void) | null)?.({ code, reason });
  }
}
