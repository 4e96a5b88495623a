import {
  decodeLegacyFrame,
  encodeConversationReady,
  encodeError,
  encodeMessageAck,
  type LegacyClientFrame,
} from '@parley/protocol';
import { dispatchLegacy } from './dispatch-legacy.ts';
import type { Wire } from './wire.ts';

/** What old clients speak (L1 to L17): answers name no request, so their place is their meaning. */
export const legacyWire: Wire<LegacyClientFrame> = {
  protocol: 'legacy',
  ordered: true,
  decode: decodeLegacyFrame,
  refOf: () => undefined,
  dispatch: dispatchLegacy,
  encodeReply(reply) {
    switch (reply.kind) {
      case 'ack':
        return encodeMessageAck(reply.messageId);
      case 'ready':
        return encodeConversationReady(reply.localId ?? 'null', reply.conversationId, reply.conversationKind);
      case 'ok':
      case 'frame':
      case 'nothing':
        return null;
    }
  },
  encodeError: (name, detail) => encodeError(name, detail),
};
