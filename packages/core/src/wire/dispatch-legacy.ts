import type { LegacyClientFrame } from '@parley/protocol';
import type { Caller } from '../handlers/caller.ts';
import { handleInitGroup } from '../handlers/init-group.ts';
import { handleInitPersonal } from '../handlers/init-personal.ts';
import { handleSeen } from '../handlers/seen.ts';
import { handleSendMessage } from '../handlers/send-message.ts';
import type { NodeServices } from '../services.ts';
import type { Answer, Asker } from './reply.ts';

/** One handler per frame. Rejects only with a `StoreError` or on a bug: the session turns both into an error frame. */
export function dispatchLegacy(frame: LegacyClientFrame, caller: Caller, services: NodeServices, asker: Asker): Answer {
  switch (frame.type) {
    case 'personal':
    case 'group':
      return handleSendMessage(frame, caller, services, asker);
    case 'seen':
      return handleSeen(frame, caller, services);
    case 'init_personal':
      return handleInitPersonal(frame, caller, services);
    case 'init_group':
      return handleInitGroup(frame, caller, services);
  }
}
