import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { type Authenticator, type Bus, ChatNode, type Clock, type Log, StoreError } from '@parley/core';
import { LIMITS } from '@parley/protocol';
import type { SqlStores } from '@parley/store-sql';
import { loadUws, UwsTransport } from '@parley/transport-uws';
import { DevelopmentAuthenticator } from './authenticator-development.ts';
import { JwtAuthenticator } from './authenticator-jwt.ts';
import { createBus } from './buses.ts';
import type { EdgeConfig } from './config.ts';
import { Health } from './health.ts';
import { AdminServer } from './http.ts';
import { Metrics } from './metrics.ts';
import { type OperatorServer, openOperatorServer } from './operator/operator-server.ts';
import { operatorStore } from './operator/operator-store.ts';
import { openStores } from './stores.ts';

export interface EdgeAddresses {
  /** Where clients connect. */
  readonly port: number;
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly adminPort: number;
}

const VERSION = (createRequire(import.meta.url)('../package.json') as { version: string }).version;
/** A database that does not answer within this is not just starting beside the node. */
const STORE_PATIENCE_MS = 60_000;
const STORE_RETRY_MS = 500;

/**
 * One node: everything it is made of is made, started and stopped here, and nowhere else.
 *
 * Start: admin port (alive, not ready), store and schema, sign-in, bus, engine, client port, ready. Stop, whatever was started: not ready, client port
 * closed, engine drained (answers, receipts, goodbyes), bus left, sockets lingered and ended, store closed, admin port closed.
 */
export class EdgeNode {
  readonly #config: EdgeConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #health: Health;
  readonly #admin: AdminServer;
  #stores: SqlStores | null = null;
  #operator: OperatorServer | null = null;
  #authenticator: (Authenticator & { close?(): void }) | null = null;
  #engine: ChatNode | null = null;
  #transport: UwsTransport | null = null;
  #bus: Bus | null = null;
  #stopping: Promise<void> | null = null;

  constructor(config: EdgeConfig, clock: Clock, log: Log) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = new Metrics(log);
    this.#metrics.describe({ version: VERSION, store: config.store.kind, bus: config.bus.kind });
    this.#health = new Health({
      clock,
      log,
      pingStore: async () => await this.#stores?.ping(),
      busUp: () => this.#engine?.status().busUp ?? false,
    });
    this.#admin = new AdminServer({
      ...{ host: config.admin.host, port: config.admin.port, health: this.#health, log },
      registry: this.#metrics.registry,
      details: () => ({ version: VERSION, node: this.#bus?.nodeId ?? null, status: this.#engine?.status() ?? null }),
    });
  }

  /** Rejects with words for people; what had been started is for `stop` to end. Never resolves once `stop` was called. */
  async start(): Promise<EdgeAddresses> {
    // Before anything else: a machine it does not run on is told at once.
    loadUws();
    const { port: adminPort } = await this.#admin.listen();
    this.#stores = await openStores(this.#config);
    await this.#prepareSchema(this.#stores);
    if (this.#config.store.kind === 'sqlite') {
      this.#operator = await openOperatorServer(this.#config.store.dataDir, operatorStore(this.#stores), this.#log);
    }
    this.#authenticator = await this.#openAuthenticator();
    const engine = this.#createEngine(this.#stores, this.#authenticator, await this.#stores.epoch());
    this.#health.waitFor(this.#config.bus.kind === 'redis' ? 'Redis' : null);
    await engine.start();
    this.#health.waitFor(null);
    this.#transport = this.#createTransport(engine);
    const { port } = await this.#transport.listen();
    this.#health.enter('serving');
    return { port, adminPort };
  }

  /** G10. Never rejects; each step is bounded. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const served = this.#health.phase === 'serving';
    this.#health.enter('draining');
    if (served && this.#config.stop.delayMs > 0) await this.#wait(this.#config.stop.delayMs);
    await this.#step('stop listening', () => this.#transport?.stopListening());
    if (served) await this.#step('drain', () => this.#engine?.drain());
    await this.#step('leave the bus', () => this.#engine?.stop());
    await this.#step('let the goodbyes arrive', () => this.#transport?.linger());
    await this.#step('end the sockets', () => this.#transport?.close());
    await this.#step('end the sign-in', () => this.#authenticator?.close?.());
    await this.#step('close the operator socket', () => this.#operator?.close());
    await this.#step('close the store', () => this.#stores?.close());
    this.#health.enter('stopped');
    await this.#step('close the admin port', () => this.#admin.close());
  }

  async #step(what: string, act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#log.error({ err: error, step: what }, 'a step of the stop failed');
    }
  }

  /** The embedded store belongs to this node, which brings it up to date itself; a cluster's is migrated by its own command. */
  async #prepareSchema(stores: SqlStores): Promise<void> {
    if (this.#config.store.kind === 'sqlite') {
      await stores.migrate();
      return;
    }
    this.#health.waitFor('the database');
    const giveUpMs = this.#clock.nowMs() + STORE_PATIENCE_MS;
    for (;;) {
      try {
        await stores.assertSchema();
        this.#health.waitFor(null);
        return;
      } catch (error) {
        const waitable = error instanceof StoreError && error.retryable && this.#stopping === null;
        if (!waitable || this.#clock.nowMs() > giveUpMs) throw error;
        this.#log.warn({ err: error }, 'the database does not answer yet');
      }
      await this.#wait(STORE_RETRY_MS);
    }
  }

  async #openAuthenticator(): Promise<Authenticator & { close?(): void }> {
    const { auth } = this.#config;
    if (auth.kind === 'development') return new DevelopmentAuthenticator();
    if (auth.audience === null) {
      this.#log.warn({}, 'PARLEY_JWT_AUDIENCE is not set: tokens that were made for other services are taken too');
    }
    return await JwtAuthenticator.open({ config: auth, clock: this.#clock, log: this.#log });
  }

  #createEngine(stores: SqlStores, authenticator: Authenticator, epoch: string): ChatNode {
    const { bus, directory } = createBus(this.#config.bus, this.#clock, this.#log);
    const { messages, conversations, receipts, groups, reader } = stores;
    const engine = new ChatNode({
      ...{ clock: this.#clock, log: this.#log, telemetry: this.#metrics },
      ...{ bus, directory, messages, conversations, receipts, groups, reader, epoch, authenticator },
      bootId: randomBytes(9).toString('base64url'),
      settings: this.#config.engine,
    });
    this.#engine = engine;
    this.#bus = bus;
    this.#metrics.watch(() => engine.status());
    return engine;
  }

  #createTransport(engine: ChatNode): UwsTransport {
    const { listen } = this.#config;
    const { maxConnections, maxBufferedBytes, idleTimeoutSeconds, frameTimeoutMs } = listen;
    const { paths, allowedOrigins, trustProxyProtocol } = listen;
    return new UwsTransport({
      ...{ accept: engine.accept, clock: this.#clock, log: this.#log, host: listen.host, port: listen.port },
      maxFrameBytes: LIMITS.maxFrameBytes,
      handshake: { paths, allowedOrigins, trustProxyProtocol },
      limits: { maxConnections, maxBufferedBytes, idleTimeoutSeconds, frameTimeoutMs },
      onRefused: (reason) => this.#metrics.handshakeRefused(reason),
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}
