import type { MessagePublication } from '../bus/publication.ts';
import type { StoredMessage, UserId } from '../types.ts';
import { publicationOf } from '../wire/message-frame.ts';
import type { CommittedSend, PendingSend } from './pending-send.ts';

/** A send on its way through the group commit, with what its publication needs. */
export interface OutgoingSend extends PendingSend {
  readonly senderName: string;
  readonly originSessionId: number;
  readonly members: readonly [UserId, UserId];
  /** Its message was read from the store before it settled, and its session gets no copy: it must not be told that nothing is stored. */
  wasRead(message: StoredNumbers): void;
}

/** What the store has given a message. */
export type StoredNumbers = Pick<StoredMessage, 'seq' | 'messageId' | 'sentAtUs'>;

/** The committed message as every node passes it on: the frame is written here, once. */
export function publicationOfSend({ send, seq, messageId, sentAtUs }: CommittedSend<OutgoingSend>): MessagePublication {
  const { conversationId, kind, senderId, body, clientId } = send.row;
  const { members, originSessionId, senderName } = send;
  const isEvent = false;
  const message = { conversationId, kind, seq, messageId, senderId, senderName, clientId, body, isEvent, sentAtUs };
  return publicationOf(message, members, originSessionId);
}
