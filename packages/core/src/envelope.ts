import type { Publication } from './publication.ts';
import { NO_MEMBERS } from './publication.ts';
import type { TimeUs } from './types.ts';

/**
 * The bytes between nodes: one envelope per target and flush, little-endian, ids as doubles (exact up to 2^53 - 1).
 * `version u8 | committedAtUs f64 | publication …`. A frame is carried as bytes and never parsed.
 */
const VERSION = 1;
const HEADER_BYTES = 9;
const TYPE = { message: 1, head: 2, joined: 3, check_all: 4 } as const;
const FLAG_GROUP = 0x80;

function encodedBytes(publication: Publication): number {
  switch (publication.type) {
    case 'message':
      return 1 + 6 * 8 + 4 + publication.frame.byteLength;
    case 'head':
      return 1 + 4 * 8;
    case 'joined':
      return 1 + 8 + 4 + publication.userIds.length * 8;
    case 'check_all':
      return 1;
  }
}

export function packEnvelope(publications: readonly Publication[], committedAtUs: TimeUs): Uint8Array {
  let bytes = HEADER_BYTES;
  for (const publication of publications) bytes += encodedBytes(publication);
  const out = Buffer.allocUnsafe(bytes);
  out[0] = VERSION;
  let at = out.writeDoubleLE(committedAtUs, 1);
  for (const publication of publications) at = write(out, at, publication);
  return out;
}

function write(out: Buffer, start: number, publication: Publication): number {
  const group = publication.type !== 'joined' && publication.type !== 'check_all' && publication.kind === 'group';
  let at = out.writeUInt8(TYPE[publication.type] | (group ? FLAG_GROUP : 0), start);
  switch (publication.type) {
    case 'message':
      at = out.writeDoubleLE(publication.conversationId, at);
      at = out.writeDoubleLE(publication.seq, at);
      at = out.writeDoubleLE(publication.messageId, at);
      at = out.writeDoubleLE(publication.senderId, at);
      at = out.writeDoubleLE(publication.members[0], at);
      at = out.writeDoubleLE(publication.members[1], at);
      at = out.writeUInt32LE(publication.frame.byteLength, at);
      out.set(publication.frame, at);
      return at + publication.frame.byteLength;
    case 'head':
      at = out.writeDoubleLE(publication.conversationId, at);
      at = out.writeDoubleLE(publication.seq, at);
      at = out.writeDoubleLE(publication.members[0], at);
      return out.writeDoubleLE(publication.members[1], at);
    case 'joined':
      at = out.writeDoubleLE(publication.conversationId, at);
      at = out.writeUInt32LE(publication.userIds.length, at);
      for (const userId of publication.userIds) at = out.writeDoubleLE(userId, at);
      return at;
    case 'check_all':
      return at;
  }
}

export interface Envelope {
  readonly committedAtUs: TimeUs;
  /** Frames are views on the envelope's bytes: copy what outlives the call. */
  readonly publications: readonly Publication[];
}

/** @returns null when the bytes are not an envelope of this version (a node of another version, or damage): the caller treats it as a loss */
export function unpackEnvelope(bytes: Uint8Array): Envelope | null {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (input.readUInt8(0) !== VERSION) return null;
    const publications: Publication[] = [];
    const committedAtUs = input.readDoubleLE(1);
    for (let at = HEADER_BYTES; at < input.byteLength; ) at = read(input, at, publications);
    return { committedAtUs, publications };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(input: Buffer, start: number, into: Publication[]): number {
  const tag = input.readUInt8(start);
  const kind = (tag & FLAG_GROUP) === 0 ? 'personal' : 'group';
  let at = start + 1;
  const next = (): number => {
    at += 8;
    return input.readDoubleLE(at - 8);
  };
  const pair = (): readonly [number, number] => {
    const members = [next(), next()] as const;
    return kind === 'group' ? NO_MEMBERS : members;
  };
  switch (tag & ~FLAG_GROUP) {
    case TYPE.message: {
      const conversationId = next();
      const seq = next();
      const messageId = next();
      const senderId = next();
      const members = pair();
      const frameBytes = input.readUInt32LE(at);
      at += 4;
      if (at + frameBytes > input.byteLength) throw new RangeError('truncated frame');
      const frame = input.subarray(at, at + frameBytes);
      into.push({
        type: 'message',
        kind,
        conversationId,
        seq,
        messageId,
        senderId,
        members,
        frame,
        originSessionId: 0,
      });
      return at + frameBytes;
    }
    case TYPE.head:
      into.push({ type: 'head', kind, conversationId: next(), seq: next(), members: pair() });
      return at;
    case TYPE.joined: {
      const conversationId = next();
      const count = input.readUInt32LE(at);
      at += 4;
      if (at + count * 8 > input.byteLength) throw new RangeError('truncated list');
      const userIds = Array.from({ length: count }, next);
      into.push({ type: 'joined', conversationId, userIds });
      return at;
    }
    case TYPE.check_all:
      into.push({ type: 'check_all' });
      return at;
    default:
      throw new RangeError('unknown publication');
  }
}
