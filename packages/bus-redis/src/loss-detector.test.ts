import { FakeClock, Random, testSeed } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LossDetector } from './loss-detector.ts';

const GRACE_MS = 50;

describe('LossDetector', () => {
  let clock: FakeClock;
  let detector: LossDetector;
  let events: string[];
  const make = (maxPublishers?: number) =>
    new LossDetector(
      clock,
      GRACE_MS,
      {
        deliver: (payload) => events.push(Buffer.from(payload).toString()),
        lost: (publisher, count) => events.push(`lost ${count} of ${publisher}`),
      },
      maxPublishers,
    );
  const receive = (counter: number, stream = 1, publisher = 'P') =>
    detector.receive(publisher, stream, counter, Buffer.from(`${publisher}${counter}`));

  beforeEach(() => {
    clock = new FakeClock();
    events = [];
    detector = make();
  });
  afterEach(() => {
    detector.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('brings envelopes in order, each once', () => {
    for (const counter of [1, 2, 2, 1, 3]) receive(counter);
    expect(events).toEqual(['P1', 'P2', 'P3']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('holds what is behind a gap, and says nothing when the gap is filled in time', () => {
    for (const counter of [1, 4, 3, 4]) receive(counter);
    expect(events).toEqual(['P1']);
    clock.advance(GRACE_MS - 1);
    receive(2);
    expect(events).toEqual(['P1', 'P2', 'P3', 'P4']);
    clock.advance(1_000);
    expect(events.length).toBe(4);
  });

  it('G4 announces a gap that is not filled, then brings what was held, and drops what comes late', () => {
    for (const counter of [1, 4, 6]) receive(counter);
    clock.advance(GRACE_MS);
    expect(events).toEqual(['P1', 'lost 3 of P', 'P4', 'P6']);
    for (const counter of [2, 5, 6, 7]) receive(counter);
    expect(events.slice(4)).toEqual(['P7']);
  });

  it('gives a second gap its own time', () => {
    receive(2);
    clock.advance(GRACE_MS - 10);
    receive(1);
    receive(4);
    clock.advance(10);
    expect(events).toEqual(['P1', 'P2']);
    clock.advance(GRACE_MS);
    expect(events).toEqual(['P1', 'P2', 'lost 1 of P', 'P4']);
  });

  it('G4 announces a last envelope that only a heartbeat knows of, once, also the very first of a publisher', () => {
    detector.expect('P', 1, 1);
    expect(events).toEqual([]);
    clock.advance(GRACE_MS);
    detector.expect('P', 1, 1);
    clock.advance(GRACE_MS);
    expect(events).toEqual(['lost 1 of P']);
    receive(2);
    detector.expect('P', 1, 2);
    clock.advance(GRACE_MS);
    expect(events).toEqual(['lost 1 of P', 'P2']);
  });

  it('forgives a heartbeat that overtakes its envelopes', () => {
    detector.expect('P', 1, 2);
    receive(1);
    receive(2);
    clock.advance(1_000);
    expect(events).toEqual(['P1', 'P2']);
  });

  it('counts a new stream from 1, announces what the old one still missed, and drops what the old one sends late', () => {
    receive(1, 1);
    receive(3, 1);
    receive(1, 2);
    expect(events).toEqual(['P1', 'lost 1 of P', 'P3', 'P1']);
    receive(4, 1);
    detector.expect('P', 3, 2);
    clock.advance(GRACE_MS);
    expect(events.slice(4)).toEqual(['lost 2 of P']);
  });

  it('keeps publishers apart', () => {
    receive(1, 1, 'P');
    receive(2, 1, 'Q');
    receive(2, 1, 'P');
    clock.advance(GRACE_MS);
    expect(events).toEqual(['P1', 'P2', 'lost 1 of Q', 'Q2']);
  });

  it('G8 gives up at once when too much is held behind a gap', () => {
    for (let counter = 2; counter <= 1_026; counter += 1) receive(counter);
    expect(events[0]).toBe('lost 1 of P');
    expect(events.length).toBe(1 + 1_025);
    events = [];
    detector.receive('Q', 1, 2, Buffer.alloc((8 << 20) + 1));
    expect(events[0]).toBe('lost 1 of Q');
  });

  it('G8 forgets publishers that are gone, and the one longest unheard when there are too many', () => {
    detector = make(3);
    for (const publisher of ['P', 'Q', 'R']) receive(1, 1, publisher);
    clock.advance(30_000);
    detector.expect('P', 1, 1);
    detector.heard('R');
    receive(1, 1, 'S');
    expect(detector.size).toBe(3);
    clock.advance(40_000);
    detector.expire();
    expect(detector.size).toBe(3);
    clock.advance(30_000);
    detector.expire();
    expect(detector.size).toBe(0);
    expect(events).toEqual(['P1', 'Q1', 'R1', 'S1']);
  });

  it('G4 under random loss, doubling and reordering: in order, at most once, and never silent', () => {
    const random = new Random(testSeed());
    for (let round = 0; round < 200; round += 1) {
      detector = make();
      events = [];
      const sent = 1 + random.below(60);
      let lost = 0;
      const arriving: number[] = [];
      for (let counter = 1; counter <= sent; counter += 1) {
        if (random.chance(0.1)) lost += 1;
        else arriving.push(counter, ...(random.chance(0.1) ? [counter] : []));
      }
      for (let i = 0; i + 1 < arriving.length; i += 1) {
        if (random.chance(0.2)) [arriving[i], arriving[i + 1]] = [arriving[i + 1]!, arriving[i]!];
      }
      for (const counter of arriving) {
        receive(counter);
        if (random.chance(0.3)) clock.advance(random.below(80));
      }
      detector.expect('P', 1, sent);
      // A gap that was seen while the time of one before it ran gets its own after that.
      clock.advance(2 * GRACE_MS);
      const label = `seed ${random.seed} round ${round}`;
      const delivered = events.filter((event) => event.startsWith('P')).map((event) => Number(event.slice(1)));
      const announced = events.map((event) => Number(/^lost (\d+)/.exec(event)?.[1] ?? 0)).reduce((a, b) => a + b, 0);
      expect(delivered, label).toEqual([...new Set(delivered)].sort((a, b) => a - b));
      expect(delivered.length + announced, label).toBe(sent);
      expect(announced, label).toBeGreaterThanOrEqual(lost);
      detector.close();
    }
  });
});
