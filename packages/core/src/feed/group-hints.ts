import { makeRoom } from '../make-room.ts';
import type { Clock } from '../ports/clock.ts';
import type { UserId } from '../types.ts';

/** As many groups as a client may name at once and not be in, after a long time away. */
const MAX_UNFOUNDED = 1_000;
const FORGOTTEN_AFTER_MS = 600_000;
const MAX_USERS = 10_000;

interface Spent {
  groups: number;
  readonly untilMs: number;
}

/**
 * What the groups that clients name in `hello` are worth: each costs a join of its topic before it is known whether the user is a member. Those it is in
 * cost nothing here; of others a user may name a thousand in ten minutes, then its hints are passed over, which costs it one more read. Bounded: a user is
 * remembered only for what it was not in, the 10,000 last of them.
 */
export class GroupHints {
  readonly #clock: Clock;
  readonly #spent = new Map<UserId, Spent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns how many of so many groups to believe; all of them count as unfounded until `confirm` */
  take(userId: UserId, groups: number): number {
    if (groups === 0) return 0;
    const nowMs = this.#clock.nowMs();
    let spent = this.#spent.get(userId);
    if (spent === undefined || spent.untilMs <= nowMs) {
      this.#spent.delete(userId);
      spent = { groups: 0, untilMs: nowMs + FORGOTTEN_AFTER_MS };
      makeRoom(this.#spent, MAX_USERS);
      this.#spent.set(userId, spent);
    }
    const taken = Math.min(groups, MAX_UNFOUNDED - spent.groups);
    spent.groups += taken;
    return taken;
  }

  /** The user is in these, or it could not be found out. */
  confirm(userId: UserId, groups: number): void {
    const spent = this.#spent.get(userId);
    if (spent === undefined) return;
    spent.groups -= groups;
    if (spent.groups <= 0) this.#spent.delete(userId);
  }
}
