import type { MessagePublication } from '../bus/publication.ts';
import type { AppendRow } from '../ports/message-store.ts';
import type { UserId } from '../types.ts';
import { publicationOf } from '../wire/message-frame.ts';
import type { CommittedSend, PendingSend, SendOutcome } from './group-commit.ts';

/** A send on its way through the group commit, with what its publication needs. */
export class OutgoingSend implements PendingSend {
  readonly row: AppendRow;
  readonly senderName: string;
  readonly originSessionId: number;
  readonly members: readonly [UserId, UserId];
  readonly #resolve: (outcome: SendOutcome) => void;

  constructor(
    row: AppendRow,
    origin: { readonly senderName: string; readonly sessionId: number; readonly members: readonly [UserId, UserId] },
    resolve: (outcome: SendOutcome) => void,
  ) {
    this.row = row;
    this.senderName = origin.senderName;
    this.originSessionId = origin.sessionId;
    this.members = origin.members;
    this.#resolve = resolve;
  }

  settle(outcome: SendOutcome): void {
    this.#resolve(outcome);
  }
}

/** The committed message as every node passes it on: the frame is written here, once. */
export function publicationOfSend({ send, seq, messageId, sentAtUs }: CommittedSend<OutgoingSend>): MessagePublication {
  const { conversationId, kind, senderId, body, clientId } = send.row;
  const { members, originSessionId, senderName } = send;
  const isEvent = false;
  const message = { conversationId, kind, seq, messageId, senderId, senderName, clientId, body, isEvent, sentAtUs };
  return publicationOf(message, members, originSessionId);
}
