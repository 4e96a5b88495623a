import { ERROR_CODES, type ErrorName } from '../error-code.ts';
import type { ConversationKind } from '../fields.ts';
import type { LocalId } from '../legacy/local-id.ts';
import { quoteClientId } from '../quote.ts';
import { formatTimestamp } from '../timestamp.ts';
import type { Ref } from './fields.ts';

export interface CurrentAck {
  readonly conversationId: number;
  readonly messageId: number;
  readonly seq: number;
  /** Microseconds since the epoch. */
  readonly sentAtUs: number;
  readonly clientId: string;
  readonly duplicate: boolean;
}

const refField = (ref: Ref | undefined): string =>
  ref === undefined ? '' : `,"ref":${typeof ref === 'number' ? ref : JSON.stringify(ref)}`;

/** The answer to a send or a group change that is committed (G1). */
export const encodeAck = (ack: CurrentAck, ref: Ref | undefined): string =>
  `{"type":"ack"${refField(ref)},"conv_id":${ack.conversationId},"message_id":${ack.messageId},"seq":${ack.seq},` +
  `"timestamp":"${formatTimestamp(ack.sentAtUs)}","client_id":${quoteClientId(ack.clientId)}${ack.duplicate ? ',"duplicate":true' : ''}}`;

export interface CurrentReady {
  readonly localId: LocalId | null;
  readonly conversationId: number;
  readonly kind: ConversationKind;
  readonly created: boolean;
  readonly duplicate: boolean;
}

/** The answer to an init. The local id is text already, so that its digits stay as they came. */
export const encodeCurrentReady = (ready: CurrentReady, ref: Ref | undefined): string =>
  `{"type":"conversation_ready"${refField(ref)},"conv_id":${ready.conversationId},"kind":"${ready.kind}"` +
  `${ready.localId === null ? '' : `,"local_conv_id":${ready.localId}`},"created":${ready.created}` +
  `${ready.duplicate ? ',"duplicate":true' : ''}}`;

export const encodeOk = (ref: Ref | undefined): string => `{"type":"ok"${refField(ref)}}`;

export interface ErrorOptions {
  /** Says what to do and replaces the table's general advice; never holds user data. */
  readonly detail?: string | undefined;
  readonly ref?: Ref | undefined;
  /** Rounded up to whole milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

export function encodeCurrentError(name: ErrorName, { detail, ref, retryAfterMs }: ErrorOptions = {}): string {
  const { code, temporary, message } = ERROR_CODES[name];
  const retry = retryAfterMs === undefined ? {} : { retry_after_ms: Math.max(0, Math.ceil(retryAfterMs)) };
  return JSON.stringify({ type: 'error', code, name, message: detail ?? message, temporary, ...retry, ref });
}
