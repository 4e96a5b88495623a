import { describe, expect, it } from 'vitest';
import { formatQuery } from './query-format.ts';

describe('query format', () => {
  it('leaves a text without values alone, whatever looks like a placeholder in it', () => {
    const text = `INSERT INTO messages (body) VALUES ('really?'), ('a ?? b'), ('it\\'s ? :name'); SELECT ? -- ?`;
    expect(formatQuery(text, [])).toBe(text);
    expect(formatQuery(text, undefined)).toBe(text);
    expect(formatQuery(text, null)).toBe(text);
  });

  it('puts values in where there are any, and escapes them', () => {
    expect(
      formatQuery("SELECT '?' FROM t WHERE a = ? AND b = ? AND c IN (?) AND d IS ?", [1, "it's \\ ?", [2, 3], null]),
    ).toBe(String.raw`SELECT '?' FROM t WHERE a = 1 AND b = 'it\'s \\ ?' AND c IN (2, 3) AND d IS NULL`);
  });
});
