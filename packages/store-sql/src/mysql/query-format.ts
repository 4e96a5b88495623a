import { format } from 'mysql2';

/**
 * For mysql2's `queryFormat`: puts the values in, and sends a text without values as it is. mysql2's own reads such a text from end to end for
 * placeholders, bodies and all. Dates are not expected among the values: they go in the process's time zone.
 */
export function formatQuery(text: string, values: unknown): string {
  // mysql2 gives an empty list when there are none.
  if (values === undefined || values === null || (Array.isArray(values) && values.length === 0)) return text;
  return format(text, values as Parameters<typeof format>[1]);
}
