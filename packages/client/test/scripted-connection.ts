import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClientOptions } from '../src/api/options.ts';
import type { ClientState } from '../src/api/state.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { TestEnvironment } from './harness.ts';
import { ScriptedServer } from './scripted-server.ts';

/** One client per test, and a server that says what the test tells it to. Frames travel through real sockets: the fake clock only stands for waiting. */
export class ScriptedConnection {
  server!: ScriptedServer;
  clock!: FakeClock;
  environment!: TestEnvironment;
  client!: ChatClientImplementation;
  states: ClientState[] = [];

  /** Before each test of the file; after it, the client must leave nothing behind. */
  static forEachTest(): ScriptedConnection {
    const connection = new ScriptedConnection();
    beforeEach(() => connection.#open());
    afterEach(() => connection.#close());
    return connection;
  }

  start(options: Partial<ChatClientOptions> = {}): void {
    const defaults = { url: this.server.url, webSocket: WebSocket, userId: 1 };
    this.client = new ChatClientImplementation({ ...defaults, ...options }, this.environment);
    this.states = [];
    this.client.on('state', (state) => this.states.push(state));
    this.client.start();
  }

  /** Real time passes only as far as sockets need it. */
  async state(status: ClientState['status'], reason?: string): Promise<ClientState> {
    const { client } = this;
    const isIt = (): boolean =>
      client.state.status === status &&
      (reason === undefined || (client.state as { reason?: string }).reason === reason);
    if (!isIt()) {
      await new Promise<void>((resolve) => {
        const stop = client.on('state', () => {
          if (!isIt()) return;
          stop();
          resolve();
        });
      });
    }
    return client.state;
  }

  /** Until the next try; NaN when there is none. */
  waitMs(at: ClientState): number {
    return at.status === 'disconnected' && at.retryAtMs !== null ? at.retryAtMs - this.environment.now() : Number.NaN;
  }

  async #open(): Promise<void> {
    this.server = await ScriptedServer.open();
    this.clock = new FakeClock();
    this.environment = new TestEnvironment(this.clock, new Random(1), 'c');
  }

  async #close(): Promise<void> {
    const closed = this.client.close();
    await this.clock.advanceAsync(1_000);
    await closed;
    expect(this.environment.timers.size).toBe(0);
    expect(this.environment.listeners.size).toBe(0);
    await this.server.until(() => this.server.open === 0);
    await this.server.close();
  }
}
