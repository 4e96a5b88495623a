import { Matcher, type PatternFields } from './pattern.ts';

const CUT_CHARS = 600;
export const cut = (text: string): string => (text.length > CUT_CHARS ? `${text.slice(0, CUT_CHARS)}…` : text);

/** Its literal fields, which say what it is. */
export function describe(pattern: PatternFields): string {
  const literal = Object.entries(pattern).filter(([, value]) => typeof value !== 'object' || value === null);
  const fields = literal.map(([field, value]) => `${field}: ${JSON.stringify(value)}`).join(', ');
  const rest = Object.values(pattern).some((value) => value instanceof Matcher) ? ', …' : '';
  return `{${fields}${rest}}`;
}
