import type { BusEvents } from '../ports/bus.ts';
import type { Directory } from '../ports/directory.ts';
import type { MessageId, NodeId } from '../types.ts';
import type { BusNode } from './bus-harness.ts';
import type { SeededNetwork } from './seeded-network.ts';
import { SeededBus, SeededDirectory } from './seeded-ports.ts';

/** A hung connection is noticed after three heartbeats, an unanswered command is given up after 2 s. */
const HANG_NOTICE_MS = 4_000;
const COMMAND_TIMEOUT_MS = 2_000;
const RETRY_MS = 50;

interface Command {
  /** Makes it take effect on the backend. */
  readonly apply: () => void;
  applied: boolean;
  readonly reject: (error: Error) => void;
}

/** One node of a `SeededNetwork`: its two ports, and what can happen to it. */
export class SeededNode implements BusNode {
  readonly name: string;
  readonly bus: SeededBus;
  readonly directory: Directory;
  readonly #network: SeededNetwork;
  readonly #commands = new Set<Command>();
  readonly #oldIds = new Set<NodeId>();
  #events: BusEvents | null = null;
  #started: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #incarnations = 0;
  #state: 'new' | 'away' | 'connected' | 'stopped' | 'killed' = 'new';
  #hung: boolean = false;
  #missedWhileHung: boolean = false;
  #partitioned: boolean = false;
  #rejoining: boolean = false;
  #connecting: boolean = false;

  constructor(network: SeededNetwork, name: string) {
    this.#network = network;
    this.name = name;
    this.bus = new SeededBus(this, network, `${name}-1`);
    this.directory = new SeededDirectory(this, network);
  }

  /** Holds a lease and reaches the backend; `bus.up` only once `onRejoin` has resolved. */
  get connected(): boolean {
    return this.#state === 'connected';
  }

  /** The process is gone at once: no event, no answer, no goodbye. */
  kill(): void {
    if (this.connected) this.#network.abandonLease(this.bus.nodeId, this.#events?.lastMessageId() ?? 0);
    this.#state = 'killed';
    this.bus.up = false;
    this.#abort(null);
  }

  /** The inbox goes silent and nothing says so; noticed after three heartbeats. */
  hang(): void {
    this.#hung = true;
    const id = this.bus.nodeId;
    this.#network.clock.after(HANG_NOTICE_MS, () => {
      if (this.#hung && this.bus.nodeId === id) this.drop('own heartbeat missed');
    });
  }

  /** Nothing reaches this node and it reaches nothing, until `heal`. */
  partition(): void {
    this.#partitioned = true;
    this.#abort(COMMAND_TIMEOUT_MS);
    this.hang();
  }

  heal(): void {
    this.#partitioned = false;
    if (this.connected && this.#hung) {
      this.#hung = false;
      if (this.#missedWhileHung) this.#network.announceLoss(this);
      this.#missedWhileHung = false;
    }
    this.connect();
  }

  start(events: BusEvents): Promise<void> {
    if (this.#state !== 'new') return Promise.reject(new Error('started before'));
    this.#events = events;
    this.#state = 'away';
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.connect();
    });
  }

  stop(): Promise<void> {
    if (this.#state === 'killed' || this.#state === 'stopped') return Promise.resolve();
    if (this.connected) this.#network.forget(this.bus.nodeId);
    this.#state = 'stopped';
    this.bus.up = false;
    this.#abort(0);
    this.#started?.reject(new Error('the bus was stopped'));
    this.#started = null;
    return Promise.resolve();
  }

  /** The connection is lost, as the node itself notices it. */
  drop(reason: string): void {
    if (!this.connected || this.#events === null) return;
    this.#state = 'away';
    this.bus.up = false;
    this.#oldIds.add(this.bus.nodeId);
    this.#network.abandonLease(this.bus.nodeId, this.#events.lastMessageId());
    this.#abort(0);
    this.#events.onDown(reason);
    this.connect(reason);
  }

  /** Tries to get a session, when one is wanted and the backend can be reached. */
  connect(reason = 'the backend is back'): void {
    if (this.#connecting || !this.#mayConnect()) return;
    this.#connecting = true;
    this.#network.schedule.enqueue(null, () => {
      this.#connecting = false;
      if (this.#mayConnect()) void this.#session(reason);
    });
  }

  /** An envelope arrives from the backend. */
  deliver(targetId: NodeId, bytes: Uint8Array): void {
    if (!this.connected || this.bus.nodeId !== targetId) return;
    if (this.#hung) this.#missedWhileHung = true;
    else this.#events?.onEnvelope(bytes);
  }

  deliverOwn(bytes: Uint8Array): void {
    if (this.#state !== 'killed') this.#events?.onEnvelope(bytes);
  }

  announceLoss(id: NodeId): void {
    if (this.connected && this.bus.nodeId === id) this.#events?.onLoss('envelope lost');
  }

  announceDeath(id: NodeId, lastMessageId: MessageId): void {
    this.#events?.onNodeDead(id, lastMessageId);
  }

  /** Runs `apply` on the backend at one moment and answers at a later one. `lane`: see `SeededSchedule`. */
  command<T>(lane: string | null, apply: () => T): Promise<T> {
    if (this.#state === 'killed') return new Promise(() => {});
    if (!this.connected) return Promise.reject(new Error('the bus is down'));
    return new Promise((resolve, reject) => {
      let outcome: () => void = () => {};
      const command: Command = {
        applied: false,
        reject,
        apply() {
          command.applied = true;
          try {
            const value = apply();
            outcome = () => resolve(value);
          } catch (error) {
            outcome = () => reject(error as Error);
          }
        },
      };
      this.#commands.add(command);
      if (this.#partitioned) {
        this.#abort(COMMAND_TIMEOUT_MS);
        return;
      }
      this.#network.schedule.enqueue(lane, () => {
        if (!this.#commands.has(command)) return;
        command.apply();
        this.#network.schedule.enqueue(lane === null ? null : `${lane} reply`, () => {
          if (this.#commands.delete(command)) outcome();
        });
      });
    });
  }

  #mayConnect(): boolean {
    return this.#state === 'away' && !this.#rejoining && !this.#partitioned && this.#network.backendUp;
  }

  async #session(reason: string): Promise<void> {
    if (this.#events === null) return;
    this.#incarnations += 1;
    const id = `${this.name}-${this.#incarnations}`;
    this.#state = 'connected';
    this.#hung = false;
    this.#missedWhileHung = false;
    this.bus.nodeId = id;
    this.#network.grantLease(id);
    if (this.#started !== null) {
      this.bus.up = true;
      this.#started.resolve();
      this.#started = null;
      return;
    }
    this.#rejoining = true;
    let failure: unknown = null;
    try {
      await this.#events.onRejoin(reason);
    } catch (error) {
      failure = error;
    }
    this.#rejoining = false;
    if (!this.connected || this.bus.nodeId !== id) {
      this.connect();
    } else if (failure !== null) {
      this.#network.clock.after(RETRY_MS, () => {
        if (this.bus.nodeId === id) this.drop(`rejoin failed: ${String(failure)}`);
      });
    } else {
      this.bus.up = true;
      for (const old of this.#oldIds) this.#network.forget(old);
      this.#oldIds.clear();
    }
  }

  /** Ends every command: some had taken effect, some had not. They reject after `delayMs`, or never (null: the process is gone). */
  #abort(delayMs: number | null): void {
    for (const command of this.#commands) {
      if (!command.applied && !this.#partitioned && this.#network.backendUp && this.#network.random.chance(0.5)) {
        command.apply();
      }
      const reject = () => command.reject(new Error('the connection was lost'));
      if (delayMs === 0) reject();
      else if (delayMs !== null) this.#network.clock.after(delayMs, reject);
    }
    this.#commands.clear();
  }
}
