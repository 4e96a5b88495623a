/**
 * Milliseconds to wait before the next try after `failures` (1, 2, …) failures in a row: doubles from `minMs` up to `maxMs`. Half of it
 * is random (`random` as `Math.random`), so that lanes and nodes that failed together do not come back together.
 */
export function backoffMs(failures: number, minMs: number, maxMs: number, random: () => number): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random();
}
