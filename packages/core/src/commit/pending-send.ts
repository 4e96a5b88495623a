import type { ErrorName } from '@parley/protocol';
import type { AppendRow } from '../ports/message-store.ts';
import type { MessageId, Seq, TimeUs } from '../types.ts';

/** What becomes of a send that `GroupCommit` was given. */
export type SendOutcome =
  | {
      readonly kind: 'stored' | 'duplicate';
      readonly seq: Seq;
      readonly messageId: MessageId;
      readonly sentAtUs: TimeUs;
    }
  /** Nothing stored. `client_id_conflict`, `not_a_member`, `blocked`, `overloaded`, `store_unavailable`, `draining` or `internal`. */
  | { readonly kind: 'refused'; readonly error: ErrorName }
  /** It may be committed, now or later: the session closes the connection without an answer, and the client asks again. */
  | { readonly kind: 'unknown' };

/** A send on its way into the store. */
export interface PendingSend {
  readonly row: AppendRow;
  /** Called exactly once, never within `submit`. */
  settle(outcome: SendOutcome): void;
}

/** What a send and the message that comes of it have in common. */
export type SentMessage = Pick<AppendRow, 'conversationId' | 'senderId' | 'clientId' | 'body'>;

/** A send that is committed and not settled yet: to be published. */
export interface CommittedSend<S extends PendingSend = PendingSend> {
  readonly send: S;
  /** As committed: its `membersVersion` may be newer than in `send.row`. */
  readonly row: AppendRow;
  readonly seq: Seq;
  readonly messageId: MessageId;
  readonly sentAtUs: TimeUs;
}
