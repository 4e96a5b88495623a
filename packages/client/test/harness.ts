import { FakeClock, Random } from '@parley/core/testing';
import type { ChatClientOptions, WebSocketLike } from '../src/api/options.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import type { Cancel, Environment, NetworkSign } from '../src/environment.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../src/testing/index.ts';

/** Surroundings whose time, chance and network are the test's. */
export class TestEnvironment implements Environment {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly webSocket = null;
  readonly indexedDB = null;
  readonly locks = null;
  isOnline = true;
  isDead = false;
  readonly reported: unknown[] = [];
  /** All that were ever opened. */
  readonly sockets = new Set<WebSocketLike>();
  /** Set and neither run nor cancelled. */
  readonly timers = new Set<Cancel>();
  readonly listeners = new Set<(sign: NetworkSign) => void>();
  readonly #name: string;
  #ids = 0;

  constructor(clock: FakeClock, random: Random, name: string) {
    this.clock = clock;
    this.random = () => random.next();
    this.#name = name;
  }

  now(): number {
    return Math.floor(this.clock.nowUs() / 1000);
  }
  /** As a process that is killed: nothing of it runs any more. */
  kill(): void {
    this.isDead = true;
    for (const stop of [...this.timers]) stop();
  }
  after(delayMs: number, fn: () => void): Cancel {
    if (this.isDead) return () => undefined;
    const cancel = (): void => {
      this.timers.delete(cancel);
      stop();
    };
    const stop = this.clock.after(delayMs, () => {
      this.timers.delete(cancel);
      fn();
    });
    this.timers.add(cancel);
    return cancel;
  }
  newId(): string {
    return `${this.#name}-${++this.#ids}`;
  }
  online(): boolean {
    return this.isOnline;
  }
  onSign(listener: (sign: NetworkSign) => void): Cancel {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  sign(sign: NetworkSign): void {
    for (const listener of this.listeners) listener(sign);
  }
  channel(): null {
    return null;
  }
  report(error: unknown): void {
    this.reported.push(error);
  }
}

/** A server and its clients, on one fake clock. */
export class World {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly server: TestServer;
  readonly clients: { readonly client: ChatClientImplementation; readonly environment: TestEnvironment }[] = [];

  private constructor(random: Random, clock: FakeClock, server: TestServer) {
    this.random = random;
    this.clock = clock;
    this.server = server;
  }

  static async open(options: Omit<TestServerOptions, 'clock'> & { readonly seed?: number } = {}): Promise<World> {
    const clock = new FakeClock();
    const random = new Random(options.seed ?? 1);
    const server = await startTestServer({ random: () => random.next(), ...options, clock });
    return new World(random, clock, server);
  }

  /** Made and started, not yet connected. */
  client(options: Partial<ChatClientOptions> = {}, name = `c${this.clients.length}`): ChatClientImplementation {
    const environment = new TestEnvironment(this.clock, this.random, name);
    const { url } = this.server;
    const webSocket = class extends this.server.webSocket {
      constructor() {
        super(url);
        environment.sockets.add(this);
      }
    };
    const client = new ChatClientImplementation({ url, webSocket, ...options }, environment);
    this.clients.push({ client, environment });
    client.start();
    return client;
  }

  async connect(userId: number, options: Partial<ChatClientOptions> = {}): Promise<ChatClientImplementation> {
    const client = this.client({ userId, ...options });
    await this.until(() => client.state.status === 'connected', `user ${userId} to connect`);
    return client;
  }

  environmentOf(client: ChatClientImplementation): TestEnvironment {
    const found = this.clients.find((entry) => entry.client === client);
    if (found === undefined) throw new Error('not a client of this world');
    return found.environment;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms);
  }

  /** As a crash of the process that the client runs in: its connection breaks, its storage stays. */
  crash(client: ChatClientImplementation): void {
    const environment = this.environmentOf(client);
    environment.kill();
    for (const socket of environment.sockets) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close(1006);
    }
  }

  async until(condition: () => boolean, what: string, patienceMs = 120_000): Promise<void> {
    for (let waited = 0; waited < patienceMs; waited += 10) {
      if (condition()) return;
      await this.advance(10);
    }
    throw new Error(`waited ${patienceMs} ms for ${what}`);
  }

  /** Resolves with what the promise does, while time goes on. */
  async settle<T>(promise: Promise<T>, what = 'a promise'): Promise<T> {
    let done = false;
    promise.then(
      () => {
        done = true;
      },
      () => {
        done = true;
      },
    );
    await this.until(() => done, what);
    return promise;
  }

  async close(): Promise<void> {
    for (const { client, environment } of this.clients) {
      if (!environment.isDead) await this.settle(client.close(), 'a client to close');
    }
    await this.settle(this.server.close(), 'the server to close');
    for (const { environment } of this.clients) {
      if (environment.isDead) continue;
      if (environment.timers.size + environment.listeners.size > 0)
        throw new Error('a closed client has left timers or listeners');
      if (environment.reported.length > 0)
        throw new Error('a client has reported errors', { cause: environment.reported });
    }
  }
}
