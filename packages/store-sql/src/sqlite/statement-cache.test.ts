import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import type { Database } from './sqlite-database.ts';
import { StatementCache } from './statement-cache.ts';

/** A database that notes what it prepares. */
function counted(): { readonly database: Database; readonly prepared: string[] } {
  const real = new Libsql(':memory:') as unknown as Database;
  const prepared: string[] = [];
  const prepare = (text: string) => {
    prepared.push(text);
    return real.prepare(text);
  };
  return {
    prepared,
    database: { prepare, exec: (text) => real.exec(text), inTransaction: false, close: () => real.close() },
  };
}

describe('statement cache', () => {
  it('prepares a text once and runs it with other values and on changed data', () => {
    const { database, prepared } = counted();
    database.exec('CREATE TABLE t (n INTEGER)');
    const cache = new StatementCache(database);
    const insert = 'INSERT INTO t VALUES (?)';
    const above = 'SELECT n FROM t WHERE n > ? ORDER BY n';
    for (let n = 1; n <= 3; n++) {
      cache.prepare(insert).run([n]);
      expect(cache.prepare(above).all([0])).toHaveLength(n);
    }
    expect(cache.prepare(above).all([2])).toEqual([{ n: 3 }]);
    expect(prepared).toEqual([insert, above]);
    cache.close();
  });

  it('a statement that failed works again', () => {
    const { database, prepared } = counted();
    database.exec('CREATE TABLE t (n INTEGER UNIQUE)');
    const cache = new StatementCache(database);
    const insert = 'INSERT INTO t VALUES (?)';
    cache.prepare(insert).run([1]);
    expect(() => cache.prepare(insert).run([1])).toThrow(/UNIQUE/);
    cache.prepare(insert).run([2]);
    expect(cache.prepare('SELECT n FROM t ORDER BY n').all([])).toEqual([{ n: 1 }, { n: 2 }]);
    expect(prepared.filter((text) => text === insert)).toHaveLength(1);
    cache.close();
  });

  it('G8: past the bound on the length of all texts, the least recently used are forgotten', () => {
    const { database, prepared } = counted();
    const texts = ['SELECT 1', 'SELECT 2', 'SELECT 3'] as const;
    const cache = new StatementCache(database, 2 * texts[0].length);
    for (const text of [texts[0], texts[1], texts[0], texts[2], texts[0], texts[1]]) cache.prepare(text);
    expect(prepared).toEqual([texts[0], texts[1], texts[2], texts[1]]);
    cache.close();
  });

  it('G8: a text longer than the bound is not kept', () => {
    const { database, prepared } = counted();
    const cache = new StatementCache(database, 10);
    const long = 'SELECT 1 AS a_long_name';
    for (let i = 0; i < 2; i++) expect(cache.prepare(long).all([])).toEqual([{ a_long_name: 1 }]);
    expect(prepared).toEqual([long, long]);
    cache.close();
  });
});
