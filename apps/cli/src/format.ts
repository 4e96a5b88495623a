import { formatTimestamp } from '@parley/protocol';

/** @param atUs microseconds since the epoch */
export const formatTime = (atUs: number): string => `${formatTimestamp(atUs)} UTC`;

/** Rows as aligned columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
