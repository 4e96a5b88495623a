import type { MessageId, NodeId } from '../types.ts';

/**
 * Carries envelopes between nodes: at most once, in order per (publisher, target), and **never loses silently**: whenever an envelope to this
 * node may have been lost, `onLoss` is called within 5 s (counters per publisher and target repeated by a heartbeat, the node's own
 * heartbeat on its own inbox, the connection's own events). Bytes of an envelope are opaque to the bus.
 */
export interface Bus {
  /** This node's present incarnation: the name of its inbox and of its directory entries. Changes only within `onRejoin`. */
  readonly nodeId: NodeId;
  /** Connects, takes a lease and subscribes the inbox; resolves when envelopes to `nodeId` arrive. Retries until `stop`. */
  start(events: BusEvents): Promise<void>;
  /**
   * Hands one envelope to each target. Resolves when Redis has taken all of them; rejects when some may not have been taken (the caller
   * announces the heads again later). A target that is gone is not an error.
   */
  publish(envelopes: ReadonlyMap<NodeId, Uint8Array>): Promise<void>;
  /** All nodes that hold a lease, this one included. */
  nodes(): Promise<NodeId[]>;
  /** Whether the bus believes it is connected and in sync. */
  readonly up: boolean;
  /** Gives up the lease and the node's entries, and disconnects. Idempotent. */
  stop(): Promise<void>;
}

export interface BusEvents {
  /** An envelope arrived; valid only during the call. Must not throw. */
  onEnvelope(bytes: Uint8Array): void;
  /** Some envelopes may have been lost: compare the heads of what is locally interesting with the store. */
  onLoss(reason: string): void;
  /**
   * The node's lease or entries are gone (Redis was away, empty, or thought this node dead): the bus has taken a new incarnation and
   * subscribed its inbox. Join every topic again, then do as for `onLoss`. `up` is true only after this has resolved.
   */
  onRejoin(reason: string): Promise<void>;
  /** The bus was lost; nothing arrives until `onRejoin`. Read the store's tail meanwhile. */
  onDown(reason: string): void;
  /**
   * Another node's lease ended without a goodbye, and this node is the one survivor chosen to announce what it committed last.
   * `lastMessageId`: the highest message id the dead node had reported with its last renewal; 0 when unknown.
   */
  onNodeDead(nodeId: NodeId, lastMessageId: MessageId): void;
  /** The highest message id this node knows to be committed, to be reported with the lease. */
  lastMessageId(): MessageId;
}
