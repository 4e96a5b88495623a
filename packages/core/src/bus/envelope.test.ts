import { describe, expect, it } from 'vitest';
import { Random, testSeed } from '../testing/random.ts';
import { packEnvelope, unpackEnvelope } from './envelope.ts';
import { NO_MEMBERS, type Publication } from './publication.ts';

const T = 1_598_356_410_923_631;
const seed = testSeed();

/** Anything that one node may tell another, ids at their bounds among it. */
function anyPublication(random: Random): Publication {
  const id = (): number => random.pick([1, 0xffff_ffff, Number.MAX_SAFE_INTEGER, 1 + random.below(1_000_000)]);
  const ids = (): number[] => Array.from({ length: random.below(4) }, id);
  const kind = random.pick(['personal', 'group'] as const);
  const members: readonly [number, number] = kind === 'group' ? NO_MEMBERS : [id(), id()];
  const where = { kind, conversationId: id(), members };
  const type = random.pick(['message', 'head', 'joined', 'check_all', 'status', 'typing'] as const);
  switch (type) {
    case 'message': {
      const frame = Buffer.from('é👋'.repeat(random.below(50)), 'utf8');
      const change = random.chance(0.3) ? { departed: ids(), joined: ids(), membersVersion: id() } : null;
      const numbers = { seq: id(), messageId: id(), senderId: id(), legacyBytes: random.below(frame.byteLength + 1) };
      return { type, ...where, ...numbers, frame, change, originSessionId: 0 };
    }
    case 'head':
      return { type, ...where, seq: id() };
    case 'joined':
      return { type, conversationId: id(), userIds: ids() };
    case 'check_all':
      return { type };
    case 'status': {
      const cursors = {
        deliveredSeq: id(),
        deliveredAtUs: random.pick([0, T]),
        seenSeq: id(),
        seenAtUs: T,
        afterSeq: id(),
      };
      return { type, ...where, userId: id(), ...cursors, seenIds: ids() };
    }
    case 'typing':
      return { type, ...where, userId: id(), active: random.chance(0.5) };
  }
}

describe(`an envelope (seed ${seed})`, () => {
  const random = new Random(seed);
  const anyEnvelope = (): Publication[] => Array.from({ length: 1 + random.below(8) }, () => anyPublication(random));

  it('carries every publication as it was', () => {
    const met = new Set<string>();
    for (let run = 0; run < 500; run++) {
      const publications = anyEnvelope();
      for (const { type } of publications) met.add(type);
      expect(unpackEnvelope(packEnvelope(publications, T + run))).toEqual({ committedAtUs: T + run, publications });
    }
    expect(met.size).toBe(6);
  });

  it('leaves the session that sent a message at home', () => {
    const message = {
      kind: 'group',
      conversationId: 1,
      members: NO_MEMBERS,
      seq: 1,
      messageId: 1,
      senderId: 1,
    } as const;
    const own: Publication = {
      ...{ type: 'message', ...message, legacyBytes: 0, frame: Buffer.from('{}'), change: null, originSessionId: 9 },
    };
    expect(unpackEnvelope(packEnvelope([own], T))?.publications).toMatchObject([{ originSessionId: 0 }]);
  });

  it('is none, and no half of one, when it is cut short: a loss, which is repaired', () => {
    for (let run = 0; run < 50; run++) {
      const publications = anyEnvelope();
      const bytes = packEnvelope(publications, T);
      for (let length = 0; length < bytes.byteLength; length++) {
        // Cut between two publications it is a shorter envelope; everywhere else it is none.
        const cut = unpackEnvelope(bytes.subarray(0, length));
        if (cut !== null) expect(cut.publications).toEqual(publications.slice(0, cut.publications.length));
        if (cut !== null) expect(packEnvelope(cut.publications, T).byteLength).toBe(length);
      }
    }
  });

  it('is none when it is of another version, or has what this node does not know', () => {
    const bytes = packEnvelope([{ type: 'check_all' }], T);
    expect(unpackEnvelope(bytes)).not.toBeNull();
    for (const [at, value] of [
      [0, 1],
      [0, 3],
      [9, 0],
      [9, 7],
    ] as const) {
      const other = Uint8Array.from(bytes);
      other[at] = value;
      expect(unpackEnvelope(other)).toBeNull();
    }
  });
});
