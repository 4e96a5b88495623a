import type { Bus, BusEvents } from '../ports/bus.ts';
import type { Directory } from '../ports/directory.ts';
import type { MessageId, NodeId } from '../types.ts';

/** One node of the cluster under test: its two ports on the same lease. */
export interface BusNode {
  readonly bus: Bus;
  readonly directory: Directory;
}

/** What a backend can be made to do wrong. Each resolves once the fault is in place. */
export interface BusFaults {
  /** The next envelope (and only an envelope) on its way to this node vanishes. */
  loseNextTo(node: BusNode): Promise<void>;
  /** The node's process is gone without a goodbye: nothing of it runs any more. */
  kill(node: BusNode): Promise<void>;
  /** The node's inbox goes silent, though every connection looks fine. */
  hang(node: BusNode): Promise<void>;
  /** The backend is gone for every node … */
  backendDown(): Promise<void>;
  /** … and back, with what it held or with nothing. */
  backendUp(options: { readonly empty: boolean }): Promise<void>;
}

/** One cluster, made for one test. */
export interface BusHarness {
  /** A new node that has not started. */
  createNode(): Promise<BusNode>;
  /** Resolves as soon as the condition holds; rejects, naming `what`, when it does not within `withinMs` (default 10 s) of the cluster's time. */
  until(condition: () => boolean | Promise<boolean>, what: string, withinMs?: number): Promise<void>;
  /** Lets this much of the cluster's time pass: to see that something does not happen. */
  pass(ms: number): Promise<void>;
  /** Awaits an operation, and does whatever it takes for it to go on. */
  settle<T>(operation: Promise<T>): Promise<T>;
  /** Absent for a backend that cannot fail. */
  readonly faults?: BusFaults;
  /** Stops all nodes; rejects when something leaked. */
  close(): Promise<void>;
}

/** Records every event of a bus, in order. */
export class RecordedEvents implements BusEvents {
  readonly envelopes: string[] = [];
  readonly losses: string[] = [];
  readonly rejoins: string[] = [];
  readonly downs: string[] = [];
  readonly deaths: { nodeId: NodeId; lastMessageId: MessageId }[] = [];
  /** Runs within `onRejoin`. */
  rejoin: () => Promise<void> = () => Promise.resolve();
  last: MessageId = 0;

  onEnvelope(bytes: Uint8Array): void {
    this.envelopes.push(Buffer.from(bytes).toString('utf8'));
  }

  onLoss(reason: string): void {
    this.losses.push(reason);
  }

  async onRejoin(reason: string): Promise<void> {
    this.rejoins.push(reason);
    await this.rejoin();
  }

  onDown(reason: string): void {
    this.downs.push(reason);
  }

  onNodeDead(nodeId: NodeId, lastMessageId: MessageId): void {
    this.deaths.push({ nodeId, lastMessageId });
  }

  lastMessageId(): MessageId {
    return this.last;
  }
}

/** A node of the harness whose bus has started, and what that has told it. */
export async function startBusNode(harness: BusHarness): Promise<BusNode & { events: RecordedEvents }> {
  const node = await harness.createNode();
  const events = new RecordedEvents();
  await harness.settle(node.bus.start(events));
  return { ...node, events };
}

export function faultsOf(harness: BusHarness): BusFaults {
  if (harness.faults === undefined) throw new Error('this backend cannot be made to fail');
  return harness.faults;
}

/** Node ids in a fixed order: the order of a lookup means nothing. */
export const sortedIds = (ids: readonly NodeId[]): NodeId[] => [...ids].sort((a, b) => (a < b ? -1 : Number(a > b)));
