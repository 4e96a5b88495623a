import type { Log, MessageId, NodeId } from '@parley/core';
import type { Keys } from './keys.ts';
import { buryDead } from './lua/bury-dead.ts';
import { claimDead } from './lua/claim-dead.ts';
import { deadTopics } from './lua/dead-topics.ts';
import type { RedisConnections } from './redis-connections.ts';
import { CLAIM_MS } from './timing.ts';
import { MAX_TOPICS_PER_PAGE, removeTopics } from './topic-entries.ts';

/** Dead incarnations that wait for their turn; Redis names those beyond it again. */
const MAX_WAITING = 64;

/**
 * Clears away incarnations: their entries in pages, one at a time, so that Redis is never held up; then their lease. A claim chooses one node
 * to do it. When the claimer dies too, the claim ends and another node goes on, and announces the dead node once more.
 */
export class Reaper {
  readonly #connections: RedisConnections;
  readonly #keys: Keys;
  readonly #nodeId: NodeId;
  readonly #log: Log;
  readonly #onNodeDead: (nodeId: NodeId, lastMessageId: MessageId) => void;
  readonly #waiting = new Set<NodeId>();
  #running: boolean = false;

  constructor(
    connections: RedisConnections,
    keys: Keys,
    nodeId: NodeId,
    log: Log,
    onNodeDead: (nodeId: NodeId, lastMessageId: MessageId) => void,
  ) {
    this.#connections = connections;
    this.#keys = keys;
    this.#nodeId = nodeId;
    this.#log = log;
    this.#onNodeDead = onNodeDead;
  }

  /** Redis named these as incarnations whose lease has ended. Announces those that this node gets to clear away. */
  reap(dead: readonly NodeId[]): void {
    for (const id of dead) {
      if (this.#waiting.size < MAX_WAITING) this.#waiting.add(id);
    }
    if (!this.#running) void this.#work();
  }

  /** Clears an incarnation of this very process away, whether its lease has ended or not, and announces nothing. */
  async clearOwn(id: NodeId): Promise<void> {
    if ((await this.#claim(id, true)) !== null) await this.#clear(id);
  }

  async #work(): Promise<void> {
    this.#running = true;
    for (const id of this.#waiting) {
      try {
        const mark = await this.#claim(id, false);
        if (mark !== null) {
          this.#log.info({ nodeId: id, lastMessageId: mark }, "a node's lease has ended; this node clears it away");
          this.#onNodeDead(id, mark);
          await this.#clear(id);
        }
      } catch (error) {
        this.#log.warn({ nodeId: id, err: error }, 'a dead node could not be cleared away yet');
      }
      this.#waiting.delete(id);
    }
    this.#running = false;
  }

  /** Its last message id when this node is the one to clear it away, else null. */
  async #claim(id: NodeId, own: boolean): Promise<MessageId | null> {
    const mark = await this.#connections.run(
      claimDead,
      [this.#keys.leases, this.#keys.marks, this.#keys.claimOn(id)],
      [id, this.#nodeId, CLAIM_MS, own ? 1 : 0],
    );
    return mark === null ? null : Number(mark);
  }

  async #clear(id: NodeId): Promise<void> {
    const [topics, claim] = [this.#keys.topicsOf(id), this.#keys.claimOn(id)];
    for (;;) {
      const page = await this.#connections.run(
        deadTopics,
        [topics, claim],
        [this.#nodeId, CLAIM_MS, MAX_TOPICS_PER_PAGE],
      );
      if (page === null) return;
      if (!Array.isArray(page) || page.length === 0) break;
      await removeTopics(this.#connections, this.#keys, id, page as string[]);
    }
    await this.#connections.run(buryDead, [this.#keys.leases, this.#keys.marks, topics, claim], [id, this.#nodeId]);
  }
}
