import { OK, type Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

/** The client goes for good: what it has asked is answered, then the connection closes. */
export function handleBye(caller: Pick<Caller, 'session'>): Reply {
  caller.session.leave();
  return OK;
}
