import type { CloseName, CurrentServerFrame, ErrorName, LocalId } from '@parley/protocol';
import type { ConversationId, ConversationKind, MessageId, Seq, TimeUs } from '../types.ts';

/** What a handler wants said to the client that asked, in no protocol's words. Handlers return it; only the session touches the connection. */
export type Reply =
  /** A send, or a change of a group, is committed (G1). */
  | {
      readonly kind: 'ack';
      readonly conversationId: ConversationId;
      readonly messageId: MessageId;
      readonly seq: Seq;
      readonly sentAtUs: TimeUs;
      readonly clientId: string;
      /** It was committed before, by this client id; the numbers are the first ones (G3). */
      readonly duplicate: boolean;
    }
  | {
      readonly kind: 'ready';
      /** The client's own name for the conversation, as JSON text; null when it gave none. */
      readonly localId: LocalId | null;
      readonly conversationId: ConversationId;
      readonly conversationKind: ConversationKind;
      readonly created: boolean;
      readonly duplicate: boolean;
    }
  /** Done; said only to clients that asked for an answer with a ref. */
  | { readonly kind: 'ok' }
  /** A frame of the current protocol; the session adds the ref. */
  | { readonly kind: 'frame'; readonly frame: CurrentServerFrame }
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'error';
      readonly name: ErrorName;
      readonly detail?: string;
      /** When trying again can help. */
      readonly retryAfterMs?: number;
    }
  /** No honest answer is possible: the connection ends. */
  | { readonly kind: 'close'; readonly name: CloseName };

/** Who waits for a reply. */
export interface Asker {
  /** Called once; a promise rejects only with a `StoreError` or on a bug. */
  answer(reply: Reply | Promise<Reply>): void;
}

/**
 * A handler's word that the asker will be answered later, without a promise: nearly all that a node answers are sends, and a promise with its
 * closures is a good part of what each of them keeps while it waits for its commit.
 */
export const LATER = 'later';

/** What a handler makes of a request. */
export type Answer = Reply | Promise<Reply> | typeof LATER;

export const NOTHING: Reply = { kind: 'nothing' };
export const OK: Reply = { kind: 'ok' };
export const refusal = (name: ErrorName, detail?: string): Reply =>
  detail === undefined ? { kind: 'error', name } : { kind: 'error', name, detail };
