import type { Bus, BusEvents, NodeId } from '@parley/core';
import { type Keys, NODE_ID_CHARS } from './keys.ts';
import { liveNodes } from './lua/live-nodes.ts';
import type { RedisLink } from './redis-link.ts';

/** Bounds of what was handed to Redis and is not answered yet; beyond one `publish` rejects. */
const MAX_PENDING_ENVELOPES = 50_000;
const MAX_PENDING_BYTES = 128 << 20;

/** `Bus` on Redis pub/sub; see `RedisLink` for its states and `wire.ts` for what it sends. */
export class RedisBus implements Bus {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  #pendingEnvelopes = 0;
  #pendingBytes = 0;

  constructor(link: RedisLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  get nodeId(): NodeId {
    return this.#link.nodeId;
  }

  get up(): boolean {
    return this.#link.up;
  }

  start(events: BusEvents): Promise<void> {
    return this.#link.start(events);
  }

  /**
   * This node's own envelope never sees Redis: `onEnvelope` is called before `publish` returns, whatever the state of the bus. The others are one
   * PUBLISH each, in one write. Rejects within 2 s, at once when there is no connection or too much is pending.
   */
  async publish(envelopes: ReadonlyMap<NodeId, Uint8Array>): Promise<void> {
    const others: [NodeId, Uint8Array][] = [];
    let bytes = 0;
    for (const [target, payload] of envelopes) {
      if (target === this.#link.nodeId && this.#link.events !== null) {
        this.#link.events.onEnvelope(payload);
      } else if (target.length === NODE_ID_CHARS) {
        // Ids of another length were never given out here.
        others.push([target, payload]);
        bytes += payload.length;
      }
    }
    if (others.length === 0) return;
    const session = this.#link.connected();
    if (this.#pendingEnvelopes > MAX_PENDING_ENVELOPES || this.#pendingBytes > MAX_PENDING_BYTES) {
      throw new Error('too many envelopes are on their way to Redis');
    }
    this.#pendingEnvelopes += others.length;
    this.#pendingBytes += bytes;
    try {
      await session.publish(others);
    } finally {
      this.#pendingEnvelopes -= others.length;
      this.#pendingBytes -= bytes;
    }
  }

  async nodes(): Promise<NodeId[]> {
    return (await this.#link.connected().connections.run(liveNodes, [this.#keys.leases], [])) as NodeId[];
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }
}
