/** What a plain server does wrong on purpose, once, so that a checker can show that it notices. */
export const FAULTS = ['none', 'drop', 'double', 'swap', 'cut'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Faulty {
  readonly conversationId: number;
  readonly senderId: number;
}

/**
 * Stands between "stored" and "delivered" and commits one fault at the `at`th message (counted from 1):
 * - `drop`: nobody gets the message, now or later;
 * - `double`: everybody gets it twice;
 * - `swap`: it comes behind the next message of the same sender and conversation;
 * - `cut`: nothing wrong, but every connection is cut in front of it: an honest server on a bad day.
 */
export class FaultInjector<T extends Faulty> {
  readonly #fault: Fault;
  readonly #at: number;
  readonly #deliver: (message: T) => void;
  readonly #cutAll: () => void;
  #count = 0;
  #held: T | null = null;

  constructor(options: {
    readonly fault: Fault;
    readonly at: number;
    readonly deliver: (message: T) => void;
    readonly cutAll: () => void;
  }) {
    this.#fault = options.fault;
    this.#at = options.at;
    this.#deliver = options.deliver;
    this.#cutAll = options.cutAll;
  }

  pass(message: T): void {
    this.#count++;
    if (this.#count === this.#at) {
      switch (this.#fault) {
        case 'drop':
          return;
        case 'double':
          this.#deliver(message);
          break;
        case 'swap':
          this.#held = message;
          return;
        case 'cut':
          this.#cutAll();
          break;
        case 'none':
          break;
      }
    }
    this.#deliver(message);
    const held = this.#held;
    if (held !== null && held.conversationId === message.conversationId && held.senderId === message.senderId) {
      this.#held = null;
      this.#deliver(held);
    }
  }
}
