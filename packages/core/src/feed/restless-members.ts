import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { ConversationId, Membership, UserId } from '../types.ts';

const RETRY_MS = 1_000;
const MAX_CONVERSATIONS = 1_000;

/**
 * Members that are here and could not be attached, since the members of their group changed each time before the row that was read could be used: they
 * are read again every second until the group holds still that long, so that it delays itself and nobody's other conversations. Past the bound everything is
 * checked instead, then.
 */
export class RestlessMembers {
  readonly #clock: Clock;
  readonly #admit: (conversationId: ConversationId, userIds: readonly UserId[]) => Promise<unknown>;
  readonly #checkAll: () => void;
  readonly #waiting = new Map<ConversationId, Set<UserId>>();
  /** Some could not be noted. */
  #tooMany = false;
  #cancel: CancelTimer | null = null;
  #stopped = false;

  /** `admit` reads and attaches them, and notes them here again when that does not succeed. Never rejects. */
  constructor(deps: {
    readonly clock: Clock;
    readonly admit: (conversationId: ConversationId, userIds: readonly UserId[]) => Promise<unknown>;
    readonly checkAll: () => void;
  }) {
    this.#clock = deps.clock;
    this.#admit = deps.admit;
    this.#checkAll = deps.checkAll;
  }

  note(rows: readonly Pick<Membership, 'conversationId' | 'userId'>[]): void {
    for (const { conversationId, userId } of rows) {
      const waiting = this.#waiting.get(conversationId);
      if (waiting !== undefined) waiting.add(userId);
      else if (this.#waiting.size < MAX_CONVERSATIONS) this.#waiting.set(conversationId, new Set([userId]));
      else this.#tooMany = true;
    }
    if (this.#waiting.size > 0 && !this.#stopped)
      this.#cancel ??= this.#clock.after(RETRY_MS, () => void this.#retry());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #retry(): Promise<void> {
    this.#cancel = null;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const tooMany = this.#tooMany;
    this.#tooMany = false;
    for (const [conversationId, userIds] of waiting) {
      if (this.#stopped) return;
      await this.#admit(conversationId, [...userIds]);
    }
    // Not when they are noted: a check notes them again, and would be followed by the next without a pause.
    if (tooMany && !this.#stopped) this.#checkAll();
  }
}
