import { connect, type Socket } from 'node:net';
import type { Connection, ConnectionHandler, Log } from '@parley/core';
import { FakeClock } from '@parley/core/testing';
import { UwsTransport, type UwsTransportOptions } from '../src/index.ts';

/** Time that a test moves by hand, with the real end of a turn. */
export class HalfFakeClock extends FakeClock {
  override defer(fn: () => void): void {
    setImmediate(fn);
  }
}

/** Waits until `probe` gives something other than undefined or false. Bounded by the test's own timeout. */
export async function until<T>(what: string, probe: () => T | undefined | false, withinMs = 20_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`did not come about: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

export interface Accepted {
  readonly connection: Connection;
  readonly texts: string[];
  readonly pongs: string[];
  binaries: number;
  drains: number;
  closes: { code: number; slow: boolean }[];
}

/** An engine that writes down what it hears. `onText` may act on the connection. */
export class Recorder {
  readonly accepted: Accepted[] = [];
  readonly logged: { level: string; fields: object; message: string }[] = [];
  readonly refused: string[] = [];
  onAccept: (accepted: Accepted) => void = () => {};
  onText: (accepted: Accepted, text: string) => void = () => {};
  onDrain: (accepted: Accepted) => void = () => {};

  readonly log: Log = {
    debug: (fields, message) => void this.logged.push({ level: 'debug', fields, message }),
    info: (fields, message) => void this.logged.push({ level: 'info', fields, message }),
    warn: (fields, message) => void this.logged.push({ level: 'warn', fields, message }),
    error: (fields, message) => void this.logged.push({ level: 'error', fields, message }),
  };

  readonly accept = (connection: Connection): ConnectionHandler => {
    const accepted: Accepted = { connection, texts: [], pongs: [], binaries: 0, drains: 0, closes: [] };
    this.accepted.push(accepted);
    this.onAccept(accepted);
    return {
      onText: (text) => {
        accepted.texts.push(text);
        this.onText(accepted, text);
      },
      onBinary: () => {
        accepted.binaries += 1;
      },
      onPong: (payload) => void accepted.pongs.push(payload),
      onDrain: () => {
        accepted.drains += 1;
        this.onDrain(accepted);
      },
      onClose: (event) => void accepted.closes.push(event),
    };
  };
}

export interface Running {
  readonly transport: UwsTransport;
  readonly recorder: Recorder;
  readonly clock: HalfFakeClock;
  readonly port: number;
  readonly url: string;
}

export async function startTransport(options: Partial<UwsTransportOptions> = {}): Promise<Running> {
  const recorder = new Recorder();
  const clock = new HalfFakeClock();
  const transport = new UwsTransport({
    accept: recorder.accept,
    clock,
    log: recorder.log,
    host: '127.0.0.1',
    port: 0,
    maxFrameBytes: 100_000,
    onRefused: (reason) => recorder.refused.push(reason),
    ...options,
  });
  const { port } = await transport.listen();
  return { transport, recorder, clock, port, url: `ws://127.0.0.1:${port}/` };
}

export const HANDSHAKE: Readonly<Record<string, string>> = {
  Host: 'chat.example',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

export function requestText(headers: Readonly<Record<string, string>>, line = 'GET / HTTP/1.1'): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}\r\n${lines.join('')}\r\n`;
}

/** A bare TCP socket: nothing is read, answered or closed but by the test. */
export class RawClient {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Resolves when the kernel has it. */
  written(data: string): Promise<void> {
    return new Promise((resolve, reject) => this.socket.write(data, (error) => (error ? reject(error) : resolve())));
  }

  request(headers: Readonly<Record<string, string>>, line = 'GET / HTTP/1.1'): void {
    this.write(requestText(headers, line));
  }

  /** Status code of the answer. */
  status(): Promise<number> {
    return until('an HTTP answer', () => {
      const match = /^HTTP\/1\.1 (\d{3})[\s\S]*\r\n\r\n/.exec(this.text);
      return match === null ? undefined : Number(match[1]);
    });
  }

  async upgrade(): Promise<void> {
    this.request(HANDSHAKE);
    const status = await this.status();
    if (status !== 101) throw new Error(`not upgraded: ${status}`);
    this.received = this.received.subarray(this.received.indexOf('\r\n\r\n') + 4);
  }

  /** Unmasked frames of the server that have arrived whole. */
  frames(): { opcode: number; payload: Buffer }[] {
    const frames: { opcode: number; payload: Buffer }[] = [];
    let at = 0;
    while (at + 2 <= this.received.length) {
      const opcode = this.received.readUInt8(at) & 15;
      let length = this.received.readUInt8(at + 1) & 127;
      let header = 2;
      if (length === 126) {
        if (at + 4 > this.received.length) break;
        length = this.received.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        if (at + 10 > this.received.length) break;
        length = Number(this.received.readBigUInt64BE(at + 2));
        header = 10;
      }
      if (at + header + length > this.received.length) break;
      frames.push({ opcode, payload: this.received.subarray(at + header, at + header + length) });
      at += header + length;
    }
    return frames;
  }
}

/** A masked client frame (with a mask of zeros). */
export function clientFrame(payload: string | Uint8Array, opcode = 1, fin = true): Buffer {
  const body = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | opcode;
  const length =
    body.length < 126
      ? Buffer.from([first, 0x80 | body.length])
      : Buffer.from([first, 0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([length, Buffer.alloc(4), body]);
}
