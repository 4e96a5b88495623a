import { CompiledQuery, type Kysely } from 'kysely';
import type { ChatSchema } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

/**
 * Many selects, each with an ORDER BY and LIMIT of its own, as one statement. Hand-written, since a compound of 64 takes the query builder milliseconds.
 * The syntax is shared by both dialects. Keeps the rows that each select chose, but not their order.
 */
export async function unionAll<Row>(
  db: Kysely<ChatSchema>,
  flavor: SqlFlavor,
  selects: readonly string[],
  parameters: readonly unknown[],
): Promise<Row[]> {
  if (selects.length === 0) return [];
  const text = selects.map((select, index) => `SELECT * FROM (${select}) AS r${index}`).join(' UNION ALL ');
  const result = await guarded(flavor, () => db.executeQuery<Row>(CompiledQuery.raw(text, [...parameters])));
  return result.rows;
}
