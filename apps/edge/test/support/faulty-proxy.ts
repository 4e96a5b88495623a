import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** What becomes of one text frame on its way to a client: none, one or several. One function per connection, so that it may remember. */
export type Fault = () => (frame: string) => readonly string[];

/** A proxy in front of a node that is right in all but one thing. */
export class FaultyProxy {
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  /** @param closeCode instead of the node's */
  static async start(upstream: string, fault: Fault, closeCode?: number): Promise<FaultyProxy> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (client) => relay(client, upstream, fault(), closeCode));
    await once(server, 'listening');
    return new FaultyProxy(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function relay(client: WebSocket, upstream: string, change: ReturnType<Fault>, closeCode: number | undefined): void {
  const node = new WebSocket(upstream, { perMessageDeflate: false });
  const early: string[] = [];
  client.on('message', (data: Buffer) => {
    if (node.readyState === WebSocket.CONNECTING) early.push(data.toString());
    else node.send(data.toString());
  });
  node.on('open', () => {
    for (const text of early.splice(0)) node.send(text);
  });
  node.on('message', (data: Buffer) => {
    for (const text of change(data.toString())) client.send(text);
  });
  node.on('close', (code) => {
    if (code === 1006) client.terminate();
    else client.close(closeCode ?? code);
  });
  client.on('close', () => node.terminate());
  // A close follows.
  client.on('error', () => {});
  node.on('error', () => {});
}
