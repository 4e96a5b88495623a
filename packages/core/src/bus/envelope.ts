import type { TimeUs } from '../types.ts';
import { EnvelopeReader, EnvelopeWriter } from './envelope-bytes.ts';
import type { MembersChange, Publication } from './publication.ts';
import { NO_MEMBERS } from './publication.ts';

/**
 * The bytes between nodes: one envelope per target and flush, little-endian, ids as doubles (exact up to 2^53 - 1).
 * `version u8 | committedAtUs f64 | publication …`. A frame is carried as bytes and never parsed.
 */
const VERSION = 2;
const HEADER_BYTES = 9;
const TYPE = { message: 1, head: 2, joined: 3, check_all: 4, status: 5, typing: 6 } as const;
const FLAG_GROUP = 0x80;
/** Of a message: an event that changes the members. Of `typing`: active. */
const FLAG_MORE = 0x40;

export interface Envelope {
  readonly committedAtUs: TimeUs;
  /** Frames are views on the envelope's bytes: what is kept for longer than a tick is copied, not to keep all of them. */
  readonly publications: readonly Publication[];
}

export function packEnvelope(publications: readonly Publication[], committedAtUs: TimeUs): Uint8Array {
  let bytes = HEADER_BYTES;
  for (const publication of publications) bytes += encodedBytes(publication);
  const out = new EnvelopeWriter(bytes);
  out.byte(VERSION);
  out.number(committedAtUs);
  for (const publication of publications) write(out, publication);
  return out.bytes;
}

/** @returns null when the bytes are not an envelope of this version (a node of another version, or damage): the caller treats it as a loss */
export function unpackEnvelope(bytes: Uint8Array): Envelope | null {
  try {
    const input = new EnvelopeReader(bytes);
    if (input.byte() !== VERSION) return null;
    const committedAtUs = input.number();
    const publications: Publication[] = [];
    while (!input.done) publications.push(read(input));
    return { committedAtUs, publications };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function encodedBytes(publication: Publication): number {
  switch (publication.type) {
    case 'message':
      return 1 + 6 * 8 + 2 * 4 + publication.frame.byteLength + changeBytes(publication.change);
    case 'head':
      return 1 + 4 * 8;
    case 'joined':
      return 1 + 8 + 4 + publication.userIds.length * 8;
    case 'check_all':
      return 1;
    case 'status':
      return 1 + 9 * 8 + 4 + publication.seenIds.length * 8;
    case 'typing':
      return 1 + 4 * 8;
  }
}

const changeBytes = (change: MembersChange | null): number =>
  change === null ? 0 : 8 + 2 * 4 + (change.departed.length + change.joined.length) * 8;

function write(out: EnvelopeWriter, publication: Publication): void {
  out.byte(tagOf(publication));
  switch (publication.type) {
    case 'message':
      out.number(publication.conversationId);
      out.number(publication.seq);
      out.number(publication.messageId);
      out.number(publication.senderId);
      out.pair(publication.members);
      out.count(publication.legacyBytes);
      out.blob(publication.frame);
      if (publication.change !== null) {
        out.number(publication.change.membersVersion);
        out.list(publication.change.departed);
        out.list(publication.change.joined);
      }
      return;
    case 'head':
      out.number(publication.conversationId);
      out.number(publication.seq);
      out.pair(publication.members);
      return;
    case 'joined':
      out.number(publication.conversationId);
      out.list(publication.userIds);
      return;
    case 'check_all':
      return;
    case 'status':
      out.number(publication.conversationId);
      out.pair(publication.members);
      out.number(publication.userId);
      out.number(publication.deliveredSeq);
      out.number(publication.deliveredAtUs);
      out.number(publication.seenSeq);
      out.number(publication.seenAtUs);
      out.number(publication.afterSeq);
      out.list(publication.seenIds);
      return;
    case 'typing':
      out.number(publication.conversationId);
      out.pair(publication.members);
      out.number(publication.userId);
      return;
  }
}

function tagOf(publication: Publication): number {
  const { type } = publication;
  if (type === 'joined' || type === 'check_all') return TYPE[type];
  const more =
    (type === 'message' && publication.change !== null) || (type === 'typing' && publication.active) ? FLAG_MORE : 0;
  return TYPE[type] | (publication.kind === 'group' ? FLAG_GROUP : 0) | more;
}

function read(input: EnvelopeReader): Publication {
  const tag = input.byte();
  const kind = (tag & FLAG_GROUP) === 0 ? 'personal' : 'group';
  const more = (tag & FLAG_MORE) !== 0;
  const members = (): readonly [number, number] => {
    const pair = input.pair();
    return kind === 'group' ? NO_MEMBERS : pair;
  };
  // Fields are read in the order in which they are written here.
  switch (tag & ~(FLAG_GROUP | FLAG_MORE)) {
    case TYPE.message:
      return {
        type: 'message',
        kind,
        conversationId: input.number(),
        seq: input.number(),
        messageId: input.number(),
        senderId: input.number(),
        members: members(),
        legacyBytes: input.count(),
        frame: input.blob(),
        change: more ? readChange(input) : null,
        originSessionId: 0,
      };
    case TYPE.head:
      return { type: 'head', kind, conversationId: input.number(), seq: input.number(), members: members() };
    case TYPE.joined:
      return { type: 'joined', conversationId: input.number(), userIds: input.list() };
    case TYPE.check_all:
      return { type: 'check_all' };
    case TYPE.status:
      return {
        type: 'status',
        kind,
        conversationId: input.number(),
        members: members(),
        userId: input.number(),
        deliveredSeq: input.number(),
        deliveredAtUs: input.number(),
        seenSeq: input.number(),
        seenAtUs: input.number(),
        afterSeq: input.number(),
        seenIds: input.list(),
      };
    case TYPE.typing:
      return {
        type: 'typing',
        kind,
        conversationId: input.number(),
        members: members(),
        userId: input.number(),
        active: more,
      };
    default:
      throw new RangeError('unknown publication');
  }
}

function readChange(input: EnvelopeReader): MembersChange {
  const membersVersion = input.number();
  const departed = input.list();
  return { membersVersion, departed, joined: input.list() };
}
