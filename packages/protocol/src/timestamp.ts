let cachedSecond = Number.NaN;
let cachedText = '';

/**
 * L8: UTC, a space between date and time, six digits of microseconds.
 * @param atUs microseconds since the epoch
 */
export function formatTimestamp(atUs: number): string {
  const second = Math.floor(atUs / 1_000_000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
  }
  return `${cachedText}.${String(atUs - second * 1_000_000).padStart(6, '0')}`;
}
