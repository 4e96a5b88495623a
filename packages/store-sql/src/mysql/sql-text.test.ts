import { describe, expect, it } from 'vitest';
import { dateTime, quote } from './sql-text.ts';

describe('SQL text', () => {
  it('L8 writes microseconds in UTC without loss', () => {
    expect(dateTime(1_598_356_410_923_631)).toBe('2020-08-25 11:53:30.923631');
    expect(dateTime(1_598_356_410_000_001)).toBe('2020-08-25 11:53:30.000001');
    expect(dateTime(1_598_356_411_000_000)).toBe('2020-08-25 11:53:31.000000');
    expect(dateTime(0)).toBe('1970-01-01 00:00:00.000000');
  });

  it('lets no quote or backslash out of a literal', () => {
    expect(quote('plain 😀 "x" `y` \n')).toBe(`'plain 😀 "x" \`y\` \n'`);
    expect(quote(`it's`)).toBe(String.raw`'it\'s'`);
    expect(quote('end\\')).toBe(String.raw`'end\\'`);
    expect(quote(`\\'; DROP`)).toBe(String.raw`'\\\'; DROP'`);
    expect(quote('a\0')).toBe(String.raw`'a\0'`);
  });
});
