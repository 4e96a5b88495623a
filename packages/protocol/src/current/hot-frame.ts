import { isId, isIds, isMessageBody } from '../fields.ts';
import { LIMITS } from '../limits.ts';
import type { Delivered } from './client/delivered.ts';
import type { Seen } from './client/seen.ts';
import type { SendMessage } from './client/send-message.ts';
import { isClientId, isRef } from './fields.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The frames that a node decodes by the thousand, without zod's wrapping of each field (a third of the cost of a send).
 * Built of the very checks that the schemas are built of, and takes nothing that they refuse: a property test compares.
 * @returns null when the frame is of another type, or something is wrong with it: the schema then says what
 */
export function decodeHotFrame(value: Fields): SendMessage | Delivered | Seen | null {
  const { type, conv_id, ref } = value;
  if (ref !== undefined && !isRef(ref)) return null;
  switch (type) {
    case 'personal':
    case 'group': {
      const { msg, client_id } = value;
      if (!isId(conv_id) || !isMessageBody(msg)) return null;
      const frame: SendMessage = { type, conv_id, msg };
      if (client_id !== undefined) {
        if (!isClientId(client_id)) return null;
        frame.client_id = client_id;
      }
      if (ref !== undefined) frame.ref = ref;
      return frame;
    }
    case 'delivered': {
      const { seq } = value;
      if (!isId(conv_id) || !isId(seq)) return null;
      return ref === undefined ? { type, conv_id, seq } : { type, conv_id, seq, ref };
    }
    case 'seen': {
      const { seq, message_id } = value;
      if (message_id === undefined) {
        if (!isId(conv_id) || !isId(seq)) return null;
        return ref === undefined ? { type, conv_id, seq } : { type, conv_id, seq, ref };
      }
      if (conv_id !== undefined || seq !== undefined || !isIds(message_id, LIMITS.maxSeenIds)) return null;
      return ref === undefined ? { type, message_id } : { type, message_id, ref };
    }
    default:
      return null;
  }
}
