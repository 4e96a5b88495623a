import { Limiter } from '../limiter.ts';
import type { NodeServices } from '../services.ts';
import { NOTHING, type Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

/** Reads of one session at the same time. */
const MAX_READS = 4;

interface Turns {
  readonly reads: Limiter;
  /** One after the other, in the order in which they were asked for. */
  readonly changes: Limiter;
  /** As changes. */
  readonly watches: Limiter;
}

/** Most sessions neither read nor change groups, so a session gets these with its first request that does. */
const turns = new WeakMap<Caller, Turns>();

/**
 * A read for a client waits for its turn: few at a time for one session, and none before its socket has taken most of what was sent; and a bounded number
 * on the node, so that sends keep their share of the store. Whoever waits is bounded by its requests in flight; for a session that has gone meanwhile nothing
 * is read.
 */
export function answerInTurn(caller: Caller, services: NodeServices, read: () => Promise<Reply>): Promise<Reply> {
  const unlessGone = async (): Promise<Reply> => (hasGone(caller) ? NOTHING : read());
  return turnsOf(caller).reads.run(async () => {
    for (let room = caller.session.room(); room !== null; room = caller.session.room()) {
      await room;
      if (hasGone(caller)) return NOTHING;
    }
    return services.readLimiter.run(unlessGone);
  });
}

/** A session's changes of groups, and its blocks, follow each other, however many it sends at once. */
export function changeInTurn<T>(caller: Caller, change: () => Promise<T>): Promise<T> {
  return turnsOf(caller).changes.run(change);
}

/** A session's questions about presence, and its watches, take effect in the order in which it sent them, however many it sends at once. */
export function watchInTurn(caller: Caller, watch: () => Promise<Reply>): Promise<Reply> {
  return turnsOf(caller).watches.run(async () => (hasGone(caller) ? NOTHING : watch()));
}

/** So do its inits, and those of all sessions together leave the store some room: a hundred at once had taken every connection (seen). */
export function initInTurn<T>(
  caller: Caller,
  services: NodeServices,
  init: (services: NodeServices) => Promise<T>,
): Promise<T> {
  return changeInTurn(caller, () => services.readLimiter.run(() => init(services)));
}

function turnsOf(caller: Caller): Turns {
  let own = turns.get(caller);
  if (own === undefined) {
    own = { reads: new Limiter(MAX_READS), changes: new Limiter(1), watches: new Limiter(1) };
    turns.set(caller, own);
  }
  return own;
}

const hasGone = ({ user, delivery }: Caller): boolean => !user.recipients.includes(delivery);
