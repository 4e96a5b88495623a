import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** Frames as a test writes and reads them. */
export type Frame = Record<string, unknown> & { type: string };

const TIME = '2026-11-23 01:02:03.000004';

export const welcomeFrame = (changes: Record<string, unknown> = {}): Frame => ({
  type: 'welcome',
  v: 2,
  minor: 0,
  user_id: 1,
  name: 'Ann',
  node: 'n',
  session: 's',
  device: null,
  heartbeat_ms: 25_000,
  epoch: 'e',
  time: TIME,
  token_expires_at: null,
  limits: { max_in_flight: 256 },
  ...changes,
});

/** A server on a real socket that says what the test tells it to, and nothing else. */
export class ScriptedServer {
  readonly #server: WebSocketServer;
  readonly #arrived: { socket: WebSocket; frames: Frame[] }[] = [];
  #wake: () => void = () => undefined;
  /** Called with each frame that arrives. */
  onFrame: (frame: Frame) => void = () => undefined;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      const connection = { socket, frames: [] as Frame[] };
      this.#arrived.push(connection);
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as Frame;
        connection.frames.push(frame);
        this.onFrame(frame);
        this.#wake();
      });
      socket.on('close', () => this.#wake());
      this.#wake();
    });
  }

  static async open(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get opened(): number {
    return this.#arrived.length;
  }

  get open(): number {
    return this.#server.clients.size;
  }

  /** The frames that the n-th connection has sent, from 0. */
  frames(connection: number): readonly Frame[] {
    return this.#arrived[connection]?.frames ?? [];
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The first frame of that type from that connection, when it comes. */
  async frame(connection: number, type: string, nth = 0): Promise<Frame> {
    const of = (): Frame[] => this.frames(connection).filter((frame) => frame.type === type);
    await this.until(() => of().length > nth);
    return of()[nth] as Frame;
  }

  say(connection: number, ...frames: Frame[]): void {
    for (const frame of frames) this.sayText(connection, JSON.stringify(frame));
  }

  sayText(connection: number, text: string): void {
    this.#arrived[connection]?.socket.send(text);
  }

  /** As a good server would: welcome and nothing missed. */
  async greet(connection: number, changes: Record<string, unknown> = {}): Promise<Frame> {
    const hello = await this.frame(connection, 'hello');
    this.say(connection, welcomeFrame(changes), { type: 'sync_complete', conversations: 0 });
    return hello;
  }

  /** It hears nothing any more, as a process that hangs, and answers no close frame. */
  setDeaf(connection: number, deaf: boolean): void {
    const socket = this.#arrived[connection]?.socket;
    if (deaf) socket?.pause();
    else socket?.resume();
  }

  hangUp(connection: number, code: number, reason = ''): void {
    this.#arrived[connection]?.socket.close(code, reason);
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const ackOf = (send: Frame, seq: number): Frame => ({
  type: 'ack',
  ref: send.ref,
  conv_id: send.conv_id,
  message_id: 100 + seq,
  seq,
  timestamp: TIME,
  client_id: send.client_id,
});

export const refusalOf = (
  send: Frame,
  name: string,
  temporary: boolean,
  more: Record<string, unknown> = {},
): Frame => ({
  type: 'error',
  ref: send.ref,
  code: 1,
  name,
  message: name,
  temporary,
  ...more,
});
