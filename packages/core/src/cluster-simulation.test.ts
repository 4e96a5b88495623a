import { describe, expect, it } from 'vitest';
import { simulateLegacy } from './testing/legacy-simulation.ts';
import { testSeed } from './testing/random.ts';

describe('a cluster under random faults', () => {
  const first = testSeed();
  const runs = Number(process.env.PARLEY_TEST_RUNS ?? 12);
  it.each(Array.from({ length: runs }, (_, n) => (first + n) >>> 0))(
    'G1 G2 G4 G5 G6 G7: nothing acknowledged is lost, doubled or out of order (seed %i)',
    async (seed) => {
      const { sent, problems } = await simulateLegacy(seed, 250);
      expect(problems).toEqual([]);
      expect(sent).toBeGreaterThan(0);
    },
    120_000,
  );
});
