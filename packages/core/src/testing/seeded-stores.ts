import { MemoryState } from '../memory/memory-state.ts';
import { createMemoryStores } from '../memory/memory-stores.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { GroupStore } from '../ports/group-store.ts';
import { type MessageStore, StoreError } from '../ports/message-store.ts';
import type { ReceiptStore } from '../ports/receipt-store.ts';
import type { Random } from './random.ts';
import type { SeededSchedule } from './seeded-schedule.ts';

export interface SeededStores {
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly receipts: ReceiptStore;
  readonly groups: GroupStore;
  readonly reader: ConversationReader;
}

/**
 * One database that many nodes reach over a network: each call takes effect at one random moment and answers at a later one, and some fail,
 * before they took effect or after.
 */
export class SeededDatabase {
  readonly state = new MemoryState();
  failureRate = 0;
  readonly #schedule: SeededSchedule;
  readonly #random: Random;

  constructor(schedule: SeededSchedule, random: Random) {
    this.#schedule = schedule;
    this.#random = random;
  }

  connect(): SeededStores {
    const { messages, conversations, receipts, groups, reader } = createMemoryStores(this.state);
    return {
      messages: this.#remote(messages),
      conversations: this.#remote(conversations),
      receipts: this.#remote(receipts),
      groups: this.#remote(groups),
      reader: this.#remote(reader),
    };
  }

  #remote<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => this.#call(() => Reflect.apply(method, target, args) as Promise<unknown>);
      },
    });
  }

  #call(apply: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#schedule.enqueue(null, () => {
        if (this.#random.chance(this.failureRate)) {
          this.#schedule.enqueue(null, () =>
            reject(new StoreError('the connection was refused', { outcome: 'not_committed', retryable: true })),
          );
          return;
        }
        const lost = this.#random.chance(this.failureRate);
        const answer = (settle: () => void): void => this.#schedule.enqueue(null, settle);
        apply().then(
          (value) =>
            answer(() =>
              lost
                ? reject(new StoreError('the connection was lost', { outcome: 'unknown', retryable: true }))
                : resolve(value),
            ),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }
}
