import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { UwsTransportOptions } from '../src/index.ts';
import { type Accepted, RawClient, type Running, startTransport, until } from './harness.ts';

/** A `ws` client with what it received, and its connection as the engine sees it. */
export interface RoomClient {
  readonly socket: WebSocket;
  readonly received: string[];
  readonly closes: number[];
  readonly accepted: Accepted;
}

/** Transports and clients of one test. `end` ends them all, and finds what a transport has left behind. */
export class TransportRoom {
  readonly #running: Running[] = [];
  readonly #sockets: { terminate(): void }[] = [];

  async start(options: Partial<UwsTransportOptions> = {}): Promise<Running> {
    const node = await startTransport(options);
    this.#running.push(node);
    return node;
  }

  raw(port: number): RawClient {
    const client = new RawClient(port);
    this.#sockets.push({ terminate: () => client.socket.destroy() });
    return client;
  }

  /** A `ws` client that may not have connected yet. */
  socket(url: string): WebSocket {
    const socket = new WebSocket(url);
    this.#sockets.push(socket);
    return socket;
  }

  async client(node: Running): Promise<RoomClient> {
    const socket = this.socket(node.url);
    const received: string[] = [];
    const closes: number[] = [];
    socket.on('message', (data: Buffer) => void received.push(data.toString()));
    socket.on('close', (code) => void closes.push(code));
    socket.on('error', () => {});
    const index = node.recorder.accepted.length;
    await until('open', () => socket.readyState === WebSocket.OPEN);
    const accepted = await until('accepted', () => node.recorder.accepted[index]);
    return { socket, received, closes, accepted };
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
    for (const node of this.#running.splice(0)) {
      node.transport.close();
      const { accepted } = node.recorder;
      await until('every connection closed', () => accepted.every((one) => one.closes.length > 0));
      expect(node.transport.connections).toBe(0);
      expect(accepted.map((one) => one.closes.length)).toEqual(accepted.map(() => 1));
      expect(node.clock.pendingTimers).toBe(0);
    }
  }
}
