import { describe, expect, it } from 'vitest';
import { NODE_ID_CHARS, newNodeId } from './keys.ts';
import * as wire from './wire.ts';

const P = 'publish1';

describe('wire', () => {
  it('carries an envelope', () => {
    const payload = Uint8Array.from([0, 255, 13, 10]);
    const message = wire.encodeEnvelope(P, { stream: 7, counter: 0xffff_ffff }, payload);
    expect(wire.kindOf(message)).toBe(wire.ENVELOPE);
    expect(wire.publisherOf(message)).toBe(P);
    expect(wire.streamOf(message)).toBe(7);
    expect(wire.counterOf(message)).toBe(0xffff_ffff);
    expect([...wire.payloadOf(message)]).toEqual([...payload]);
    expect(wire.payloadOf(wire.encodeEnvelope(P, { stream: 1, counter: 1 }, new Uint8Array(0))).length).toBe(0);
  });

  it('carries positions, and finds a target only where one stands', () => {
    // "target22" also appears across the border of two entries and in their numbers.
    const decoy = Buffer.from('rget22xx').readUInt32LE(0);
    const message = wire.encodeHeartbeat(P, [
      ['aaaaaata', { stream: decoy, counter: Buffer.from('22xx').readUInt32LE(0) }],
      ['target22', { stream: 3, counter: 9 }],
    ]);
    expect(message.indexOf('target22')).toBeLessThan(9 + 16);
    expect(wire.kindOf(message)).toBe(wire.HEARTBEAT);
    expect(wire.positionIn(message, 'target22')).toEqual({ stream: 3, counter: 9 });
    expect(wire.positionIn(message, 'nobody__')).toBeNull();
    expect(wire.positionIn(wire.encodeHeartbeat(P, []), 'target22')).toBeNull();
    expect(wire.positionIn(message.subarray(0, message.length - 1), 'target22')).toBeNull();
  });

  it('knows its own beat, and ignores what is cut or of another kind', () => {
    const beat = wire.encodeOwnBeat(P);
    expect([wire.kindOf(beat), wire.publisherOf(beat)]).toEqual([wire.OWN_BEAT, P]);
    for (const bytes of [[], [1], [2, 1], [4, ...beat], [1, ...Buffer.alloc(15)]]) {
      expect(wire.kindOf(Buffer.from(bytes))).toBe(0);
    }
  });

  it('makes node ids of the promised shape', () => {
    const ids = new Set(Array.from({ length: 1_000 }, newNodeId));
    expect(ids.size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(new RegExp(`^[A-Za-z0-9_-]{${NODE_ID_CHARS}}$`));
  });
});
