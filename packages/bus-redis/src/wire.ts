import type { NodeId } from '@parley/core';
import { NODE_ID_CHARS } from './keys.ts';

/**
 * What travels on the channels. Integers are little-endian.
 *
 *     envelope   kind 1, publisher (8), stream (u32), counter (u32), payload       on the target's inbox
 *     heartbeat  kind 2, publisher (8), [target (8), stream (u32), counter (u32)]… on the shared channel
 *     own beat   kind 3, publisher (8)                                             on the publisher's own inbox
 *
 * A stream is the envelopes of one publisher to one target, counted 1, 2, 3 …; a publisher that has forgotten a target opens a new
 * stream with a higher number. A message of another kind or a cut one is ignored: newer nodes may send more.
 */
export const ENVELOPE = 1;
export const HEARTBEAT = 2;
export const OWN_BEAT = 3;

const PUBLISHER_AT = 1;
const HEAD_BYTES = PUBLISHER_AT + NODE_ID_CHARS;
const STREAM_AT = HEAD_BYTES;
const COUNTER_AT = STREAM_AT + 4;
const PAYLOAD_AT = COUNTER_AT + 4;
const ENTRY_BYTES = NODE_ID_CHARS + 8;

export interface Position {
  readonly stream: number;
  readonly counter: number;
}

/** The only copy of the payload that this package makes. */
export function encodeEnvelope(publisher: NodeId, position: Position, payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(PAYLOAD_AT + payload.length);
  message[0] = ENVELOPE;
  message.write(publisher, PUBLISHER_AT, 'latin1');
  message.writeUInt32LE(position.stream, STREAM_AT);
  message.writeUInt32LE(position.counter, COUNTER_AT);
  message.set(payload, PAYLOAD_AT);
  return message;
}

export function encodeHeartbeat(publisher: NodeId, positions: readonly (readonly [NodeId, Position])[]): Buffer {
  const message = Buffer.alloc(HEAD_BYTES + positions.length * ENTRY_BYTES);
  message[0] = HEARTBEAT;
  message.write(publisher, PUBLISHER_AT, 'latin1');
  let at = HEAD_BYTES;
  for (const [target, { stream, counter }] of positions) {
    message.write(target, at, 'latin1');
    message.writeUInt32LE(stream, at + NODE_ID_CHARS);
    message.writeUInt32LE(counter, at + NODE_ID_CHARS + 4);
    at += ENTRY_BYTES;
  }
  return message;
}

export function encodeOwnBeat(publisher: NodeId): Buffer {
  return Buffer.from(`${String.fromCharCode(OWN_BEAT)}${publisher}`, 'latin1');
}

/** The kind of a message, or 0 when it is none that this node knows. */
export function kindOf(message: Buffer): number {
  const kind = message[0];
  if (kind === ENVELOPE) return message.length >= PAYLOAD_AT ? ENVELOPE : 0;
  return (kind === HEARTBEAT || kind === OWN_BEAT) && message.length >= HEAD_BYTES ? kind : 0;
}

export const publisherOf = (message: Buffer): NodeId => message.toString('latin1', PUBLISHER_AT, HEAD_BYTES);
export const streamOf = (envelope: Buffer): number => envelope.readUInt32LE(STREAM_AT);
export const counterOf = (envelope: Buffer): number => envelope.readUInt32LE(COUNTER_AT);
export const payloadOf = (envelope: Buffer): Buffer => envelope.subarray(PAYLOAD_AT);

/** What a heartbeat says of its publisher's envelopes to `target`; null when it says nothing. */
export function positionIn(heartbeat: Buffer, target: NodeId): Position | null {
  let at = heartbeat.indexOf(target, HEAD_BYTES, 'latin1');
  while (at !== -1 && (at - HEAD_BYTES) % ENTRY_BYTES !== 0) at = heartbeat.indexOf(target, at + 1, 'latin1');
  if (at === -1 || at + ENTRY_BYTES > heartbeat.length) return null;
  return {
    stream: heartbeat.readUInt32LE(at + NODE_ID_CHARS),
    counter: heartbeat.readUInt32LE(at + NODE_ID_CHARS + 4),
  };
}
