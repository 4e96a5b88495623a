import type { Topic } from '@parley/core';
import type { Keys } from './keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { Session } from './session.ts';
import { enterTopics, MAX_TOPICS_PER_PAGE, removeTopics } from './topic-entries.ts';

/** Topics that may wait; a change that comes on top of more is refused. One change alone may be of any size. */
const MAX_WAITING_TOPICS = 200_000;

type Kind = 'join' | 'leave';

interface Change {
  readonly kind: Kind;
  readonly topics: readonly Topic[];
  readonly session: Session;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A node's joins and leaves take effect in the order of their calls, one page at a time; what is called while a page is under way is put
 * together into the next. When a page fails, what waits behind it fails with it, so that nothing waits longer than one command may take.
 */
export class TopicChanges {
  readonly #link: RedisLink;
  readonly #keys: Keys;
  #waiting: Change[] = [];
  #waitingTopics = 0;
  #running: boolean = false;

  constructor(link: RedisLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  apply(kind: Kind, topics: readonly Topic[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const session = this.#link.connected();
      if (topics.length === 0) {
        resolve();
        return;
      }
      if (this.#waitingTopics > MAX_WAITING_TOPICS) throw new Error('too many topic changes are waiting');
      this.#waiting.push({ kind, topics, session, resolve, reject });
      this.#waitingTopics += topics.length;
      if (!this.#running) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#run(batch);
        for (const change of batch) change.resolve();
      } catch (error) {
        const behind = this.#waiting;
        this.#waiting = [];
        this.#waitingTopics = 0;
        for (const change of [...batch, ...behind]) change.reject(error);
      }
    }
    this.#running = false;
  }

  /** The changes at the front that are of one kind and fit into one page; at least one. */
  #takeBatch(): Change[] {
    const [first] = this.#waiting;
    let size = 0;
    let count = 0;
    for (const change of this.#waiting) {
      if (change.kind !== first?.kind || change.session !== first.session) break;
      if (count > 0 && size + change.topics.length > MAX_TOPICS_PER_PAGE) break;
      size += change.topics.length;
      count += 1;
    }
    this.#waitingTopics -= size;
    return this.#waiting.splice(0, count);
  }

  async #run(batch: readonly Change[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const { kind, session } = first;
    const topics = batch.length === 1 ? first.topics : batch.flatMap((change) => change.topics);
    for (let at = 0; at < topics.length; at += MAX_TOPICS_PER_PAGE) {
      const page = topics.slice(at, at + MAX_TOPICS_PER_PAGE);
      if (kind === 'leave') {
        await removeTopics(session.connections, this.#keys, session.nodeId, page);
      } else if (!(await enterTopics(session.connections, this.#keys, session.nodeId, page))) {
        session.end('the lease has ended');
        throw new Error('the lease has ended');
      }
    }
  }
}
