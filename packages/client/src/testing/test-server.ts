import { type AcceptConnection, ChatNode, createMemoryStores, MemoryNetwork } from '@parley/core';
import type { WebSocketClass } from '../api/options.ts';
import { noLog, noTelemetry } from './no-telemetry.ts';
import { makeToken, TestAuthenticator } from './test-authenticator.ts';
import { realClock, type TestServerClock } from './test-clock.ts';
import { type FrameFate, type FrameInTransit, type SocketHost, TestSocket } from './test-socket.ts';

export interface TestServerOptions {
  /** Nodes of the cluster; connections go to them in turn. Default 1. */
  readonly nodes?: number;
  readonly clock?: TestServerClock;
  /** 0 <= x < 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Decides what happens to each frame. Default: all pass. */
  readonly fateOf?: (frame: FrameInTransit) => FrameFate;
}

/** A Parley server in memory: the real engine and its real handlers, without a network or a database. For tests of applications. */
export interface TestServer {
  /** For `createChatClient({ url })`. */
  readonly url: string;
  /** For `createChatClient({ webSocket })`. */
  readonly webSocket: WebSocketClass;
  /** Open connections. */
  readonly connections: number;
  /** For `token` or `getToken`. */
  makeToken(userId: number, options?: { readonly expiresInMs?: number }): string;
  /** While false, nobody can connect; who is connected stays. */
  setReachable(reachable: boolean): void;
  /** Cuts every connection, as a network that breaks. */
  cut(): void;
  /** Another store, empty, of another epoch, as if restored from an old copy; all connections are cut. */
  replaceStore(): Promise<void>;
  /** Every node says goodbye and is replaced by a new one on the same store. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server. Users, also those that are named as members, come into being when they are first named. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const server = new MemoryServer(options);
  await server.start();
  return server;
}

class MemoryServer implements TestServer, SocketHost {
  readonly url = 'ws://parley.test';
  readonly webSocket: WebSocketClass;
  readonly clock: TestServerClock;
  readonly #options: TestServerOptions;
  readonly #sockets = new Set<TestSocket>();
  #stores = createMemoryStores();
  #network = new MemoryNetwork();
  #nodes: ChatNode[] = [];
  #reachable = true;
  #accepted = 0;
  #started = 0;
  #epoch = 1;

  constructor(options: TestServerOptions) {
    this.#options = options;
    this.clock = options.clock ?? realClock;
    const host: SocketHost = this;
    let sockets = 0;
    this.webSocket = class extends TestSocket {
      constructor() {
        super(host, ++sockets);
      }
    };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    for (let n = 0; n < (this.#options.nodes ?? 1); n += 1) {
      const node = this.#makeNode();
      await node.start();
      this.#nodes.push(node);
    }
  }

  accept(socket: TestSocket): AcceptConnection | null {
    const node = this.#nodes[this.#accepted % Math.max(1, this.#nodes.length)];
    if (!this.#reachable || node === undefined) return null;
    this.#accepted += 1;
    this.#sockets.add(socket);
    return (connection) => node.accept(connection);
  }

  fateOf(frame: FrameInTransit): FrameFate {
    return this.#options.fateOf?.(frame) ?? 'pass';
  }

  onClosed(socket: TestSocket): void {
    this.#sockets.delete(socket);
  }

  makeToken(userId: number, options: { readonly expiresInMs?: number } = {}): string {
    const { expiresInMs } = options;
    return makeToken(userId, expiresInMs === undefined ? null : this.clock.nowUs() + expiresInMs * 1000);
  }

  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
  }

  cut(): void {
    for (const socket of [...this.#sockets]) socket.cut();
  }

  async replaceStore(): Promise<void> {
    const old = this.#nodes;
    this.#nodes = [];
    this.cut();
    await Promise.all(old.map((node) => node.stop()));
    this.#stores = createMemoryStores();
    this.#network = new MemoryNetwork();
    this.#epoch += 1;
    await this.start();
  }

  async restart(): Promise<void> {
    const old = this.#nodes;
    this.#nodes = [];
    await Promise.all(old.map((node) => node.drain().then(() => node.stop())));
    this.cut();
    await this.start();
  }

  async close(): Promise<void> {
    const nodes = this.#nodes;
    this.#nodes = [];
    this.cut();
    await Promise.all(nodes.map((node) => node.stop()));
  }

  #makeNode(): ChatNode {
    const { clock } = this;
    const { state: _state, ...stores } = this.#stores;
    const { random } = this.#options;
    this.#started += 1;
    return new ChatNode({
      ...stores,
      ...this.#network.createNode(),
      clock,
      authenticator: new TestAuthenticator(clock),
      telemetry: noTelemetry,
      log: noLog,
      epoch: `test-${this.#epoch}`,
      bootId: `test${String(this.#started).padStart(8, '0')}`,
      settings: { createUnknownMembers: true },
      ...(random === undefined ? {} : { random }),
    });
  }
}
