import { ChatNode } from '../chat-node.ts';
import type { ChatNodeSettings } from '../settings.ts';
import type { PeerHost } from './current-peer.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { Random } from './random.ts';
import { SeededNetwork } from './seeded-network.ts';
import type { SeededNode } from './seeded-node.ts';
import { SeededDatabase } from './seeded-stores.ts';
import { CountingTelemetry, silentLog, trustingAuthenticator } from './test-doubles.ts';

export interface TestNode {
  readonly node: ChatNode;
  readonly network: SeededNode;
  readonly telemetry: CountingTelemetry;
  readonly connections: Set<FakeConnection>;
  alive: boolean;
  draining: boolean;
}

/** A whole cluster in one process on a fake clock: real engines, one database, a network with faults, all decided by one seed. */
export class TestCluster {
  readonly clock = new FakeClock();
  readonly random: Random;
  readonly network: SeededNetwork;
  readonly database: SeededDatabase;
  readonly nodes: TestNode[] = [];
  readonly #settings: Partial<ChatNodeSettings>;
  #connections = 0;

  constructor(
    seed: number,
    options: { readonly settings?: Partial<ChatNodeSettings>; readonly maxDelayMs?: number } = {},
  ) {
    this.random = new Random(seed);
    this.#settings = { createUnknownMembers: true, ...options.settings };
    const { clock, random } = this;
    this.network = new SeededNetwork({ random, clock, maxDelayMs: options.maxDelayMs ?? 5 });
    this.database = new SeededDatabase(this.network.schedule, random);
  }

  async startNode(): Promise<TestNode> {
    const network = this.network.createNode();
    const telemetry = new CountingTelemetry();
    const node = new ChatNode({
      clock: this.clock,
      bus: network.bus,
      directory: network.directory,
      ...this.database.connect(),
      epoch: 'epoch-1',
      authenticator: trustingAuthenticator,
      telemetry,
      log: silentLog,
      bootId: `boot${String(this.nodes.length).padStart(6, '0')}`,
      settings: this.#settings,
      random: () => this.random.next(),
    });
    // A node that cannot read its database does not start: that is its supervisor's business, not this test's.
    const { failureRate } = this.database;
    this.database.failureRate = 0;
    await this.advanceUntil(node.start());
    this.database.failureRate = failureRate;
    const entry: TestNode = { node, network, telemetry, connections: new Set(), alive: true, draining: false };
    this.nodes.push(entry);
    return entry;
  }

  /** Where a `CurrentPeer` connects to a node; what it asks has so much time to be answered. */
  hostOf(node: TestNode, answerMs: number): PeerHost {
    return { connect: () => this.connect(node), clock: { settle: () => this.advance(answerMs) } };
  }

  connect(node: TestNode): FakeConnection {
    const connection = new FakeConnection(++this.#connections);
    connection.handler = node.node.accept(connection);
    node.connections.add(connection);
    return connection;
  }

  /** As `kill -9`: nothing of the node runs any more, its sockets are gone. */
  kill(node: TestNode): void {
    node.alive = false;
    node.network.kill();
    for (const connection of node.connections) connection.handler = null;
    for (const connection of node.connections) connection.closed ??= { code: 1006, reason: '' };
  }

  /** As SIGTERM: the balancer sends nobody there any more, the rest is the node's own business. */
  async drain(node: TestNode): Promise<void> {
    node.draining = true;
    await this.advanceUntil(node.node.drain().then(() => node.node.stop()));
    node.alive = false;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms);
  }

  async advanceUntil<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const marked = promise.finally(() => {
      done = true;
    });
    marked.catch(() => undefined);
    for (let turn = 0; !done && turn < 10_000; turn++) await this.advance(5);
    return marked;
  }

  async until(condition: () => boolean, what: string, patienceMs = 60_000): Promise<void> {
    for (let waited = 0; waited < patienceMs; waited += 10) {
      if (condition()) return;
      await this.advance(10);
    }
    throw new Error(`waited ${patienceMs} ms for ${what}`);
  }

  async stop(): Promise<void> {
    for (const { node, alive } of this.nodes) if (alive) await this.advanceUntil(node.stop());
  }
}
