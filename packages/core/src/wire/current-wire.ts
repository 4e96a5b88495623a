import {
  type CurrentClientFrame,
  type CurrentServerFrame,
  decodeCurrentFrame,
  encodeAck,
  encodeCurrentError,
  encodeCurrentReady,
  encodeFrame,
  encodeOk,
} from '@parley/protocol';
import { dispatchCurrent } from './dispatch-current.ts';
import type { Wire } from './wire.ts';

/** The current protocol: answers name their request by its ref, so they leave when they are ready. */
export const currentWire: Wire<CurrentClientFrame> = {
  protocol: 'current',
  ordered: false,
  decode: decodeCurrentFrame,
  refOf: (frame) => frame.ref,
  dispatch: dispatchCurrent,
  encodeReply(reply, ref) {
    switch (reply.kind) {
      case 'ack':
        return encodeAck(reply, ref);
      case 'ready':
        return encodeCurrentReady({ ...reply, kind: reply.conversationKind }, ref);
      case 'ok':
        return ref === undefined ? null : encodeOk(ref);
      case 'frame':
        return encodeFrame(ref === undefined ? reply.frame : ({ ...reply.frame, ref } as CurrentServerFrame));
      case 'nothing':
        return null;
    }
  },
  encodeError: (name, detail, ref, retryAfterMs) => encodeCurrentError(name, { detail, ref, retryAfterMs }),
};
