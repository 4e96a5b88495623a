import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FrameReader, OPCODE } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';

export interface RawClientEvents {
  /** A text frame: the payload is `data.subarray(start, end)`, valid during the call. */
  onText(data: Buffer, start: number, end: number): void;
  /** The connection is gone, once. */
  onClose(reason: string): void;
}

const MAX_RESPONSE_HEAD_BYTES = 16_384;

/**
 * A WebSocket client that does as little as it can, since it shares the machine with the system under test: one write per turn and
 * connection, no copies of what it reads, no masking work, no compression. Answers pings. `ws://` only.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #events: RawClientEvents;
  readonly #writer = new FrameWriter();
  readonly #reader: FrameReader;
  #opened: (() => void) | null = null;
  #head: Buffer | null = Buffer.alloc(0);
  #flushPlanned = false;
  #closed = false;
  #reason = 'closed';

  private constructor(socket: Socket, events: RawClientEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#reader = new FrameReader((opcode, data, start, end) => {
      if (opcode === OPCODE.text) {
        this.#events.onText(data, start, end);
      } else if (opcode === OPCODE.ping) {
        this.#writer.pong(data.subarray(start, end));
        this.#planFlush();
      } else if (opcode === OPCODE.close) {
        this.#reason = `the server closed with ${end - start >= 2 ? data.readUInt16BE(start) : 'no code'}`;
        this.#socket.end();
      }
    });
  }

  /** Resolves when the upgrade is through; rejects when it is refused. */
  static open(url: string, events: RawClientEvents): Promise<RawClient> {
    const { hostname, port, pathname, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 80), noDelay: true });
    const client = new RawClient(socket, events);
    return new Promise((resolve, reject) => {
      client.#opened = () => resolve(client);
      socket.on('connect', () => {
        socket.write(
          `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
        );
      });
      socket.on('data', (chunk) => client.#onData(chunk));
      socket.on('error', (error) => {
        client.#reason = error.message;
      });
      socket.on('close', () => {
        client.#closed = true;
        if (client.#head === null) events.onClose(client.#reason);
        else reject(new Error(`${url}: ${client.#reason}`));
      });
    });
  }

  /** Queues one text frame; it leaves with the others of this turn. */
  send(payload: Uint8Array): void {
    if (this.#closed) return;
    this.#writer.text(payload);
    this.#planFlush();
  }

  close(): void {
    this.#socket.destroy();
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      if (!this.#closed && this.#writer.length > 0) this.#socket.write(this.#writer.take());
    });
  }

  #onData(chunk: Buffer): void {
    try {
      if (this.#head === null) this.#reader.push(chunk);
      else this.#onHead(Buffer.concat([this.#head, chunk]));
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #onHead(head: Buffer): void {
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > MAX_RESPONSE_HEAD_BYTES) throw new Error('no end of the response head');
      this.#head = head;
      return;
    }
    const status = head.toString('latin1', 0, head.indexOf('\r\n'));
    if (!status.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${status}`);
    this.#head = null;
    this.#opened?.();
    if (head.length > end + 4) this.#reader.push(head.subarray(end + 4));
  }
}
