import { TopicTable } from '../memory/topic-table.ts';
import type { Clock } from '../ports/clock.ts';
import type { MessageId, NodeId } from '../types.ts';
import type { Random } from './random.ts';
import { SeededNode } from './seeded-node.ts';
import { SeededSchedule } from './seeded-schedule.ts';

export interface SeededNetworkOptions {
  readonly random: Random;
  readonly clock: Clock;
  /** Longest time of one hop. Left out: nothing moves but by `step` and `flush`. */
  readonly maxDelayMs?: number;
  /** Probability that an envelope to another node vanishes (default 0). */
  readonly lossRate?: number;
}

/** Times of the Redis adapter, on the injected clock. */
const LEASE_MS = 6_000;
const LOSS_NOTICE_MS = 1_000;

/**
 * The bus and the directory of several nodes, with the faults of a real one, decided by a seed: each operation takes effect at one
 * random moment and answers at a later one; envelopes of different pairs of nodes overtake each other. What the ports promise holds throughout:
 * a lost envelope leads to `onLoss` of its target, a dead node's lease ends, a lost connection leads to `onDown` and `onRejoin`.
 */
export class SeededNetwork {
  readonly random: Random;
  readonly clock: Clock;
  readonly schedule: SeededSchedule;
  readonly table = new TopicTable();
  readonly leases = new Set<NodeId>();
  /** Envelopes that were published to a node, its own not counted, by node name. */
  readonly published = new Map<string, number>();
  lossRate: number;
  readonly #nodes: SeededNode[] = [];
  readonly #marks = new Map<NodeId, MessageId>();
  readonly #unreaped = new Set<NodeId>();
  readonly #toLose = new Map<SeededNode, number>();
  #backendUp = true;

  constructor(options: SeededNetworkOptions) {
    this.random = options.random;
    this.clock = options.clock;
    this.lossRate = options.lossRate ?? 0;
    this.schedule = new SeededSchedule(options.random, options.clock, options.maxDelayMs);
  }

  createNode(name = `n${this.#nodes.length + 1}`): SeededNode {
    const node = new SeededNode(this, name);
    this.#nodes.push(node);
    return node;
  }

  /** One random thing of all that is under way; false when there is none. */
  step(): boolean {
    return this.schedule.step();
  }

  /** Until nothing is under way. Time stands still, so leases do not end. */
  flush(): Promise<void> {
    return this.schedule.flush();
  }

  get backendUp(): boolean {
    return this.#backendUp;
  }

  backendDown(): void {
    this.#backendUp = false;
    for (const node of this.#nodes) node.drop('the backend is away');
  }

  backendComesUp(options: { readonly empty: boolean }): void {
    if (options.empty) {
      for (const id of [...this.leases]) this.table.removeNode(id);
      for (const id of this.#unreaped) this.table.removeNode(id);
      this.leases.clear();
      this.#unreaped.clear();
      this.#marks.clear();
    }
    this.#backendUp = true;
    for (const node of this.#nodes) node.connect();
  }

  /** The next `count` envelopes on their way to this node vanish. */
  loseNextTo(node: SeededNode, count = 1): void {
    this.#toLose.set(node, (this.#toLose.get(node) ?? 0) + count);
  }

  /** An envelope has reached the backend. */
  send(from: string, targetId: NodeId, bytes: Uint8Array): void {
    const target = this.#nodes.find((node) => node.bus.nodeId === targetId);
    if (target === undefined) return;
    this.published.set(target.name, (this.published.get(target.name) ?? 0) + 1);
    const toLose = this.#toLose.get(target) ?? 0;
    if (toLose > 0 || this.random.chance(this.lossRate)) {
      this.#toLose.set(target, Math.max(0, toLose - 1));
      this.announceLoss(target);
      return;
    }
    this.schedule.enqueue(`${from}>${targetId}`, () => target.deliver(targetId, bytes));
  }

  /** The counters of the envelopes show a gap at once, or the next heartbeat does. */
  announceLoss(target: SeededNode): void {
    const id = target.bus.nodeId;
    this.clock.after(50 + this.random.next() * (LOSS_NOTICE_MS - 50), () => target.announceLoss(id));
  }

  grantLease(id: NodeId): void {
    this.leases.add(id);
    for (const dead of this.#unreaped) this.#reap(dead);
  }

  /** The lease is not renewed any more; it ends in its time unless `forget` comes first. */
  abandonLease(id: NodeId, lastMessageId: MessageId): void {
    this.#marks.set(id, lastMessageId);
    this.clock.after(LEASE_MS, () => {
      if (!this.leases.delete(id)) return;
      this.#unreaped.add(id);
      this.#reap(id);
    });
  }

  /** A goodbye: nothing of this incarnation is left, and nobody is told. */
  forget(id: NodeId): void {
    this.leases.delete(id);
    this.#unreaped.delete(id);
    this.#marks.delete(id);
    this.table.removeNode(id);
  }

  #reap(id: NodeId): void {
    this.schedule.enqueue(null, () => {
      const survivors = this.#nodes.filter((node) => node.connected);
      if (!this.#unreaped.has(id) || survivors.length === 0) return;
      const lastMessageId = this.#marks.get(id) ?? 0;
      this.forget(id);
      this.random.pick(survivors).announceDeath(id, lastMessageId);
    });
  }
}
