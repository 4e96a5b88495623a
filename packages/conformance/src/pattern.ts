/** A pattern: what one value on the wire must be. Objects have exactly the fields named; an `optional` one may be absent. */
export type Pattern = Matcher<unknown> | string | number | boolean | null | readonly Pattern[] | PatternFields;
export interface PatternFields {
  readonly [field: string]: Pattern;
}

/** What is known of a value that matched: literals as they are, the type of a matcher where one stood. */
export type Matched<P> =
  P extends Matcher<infer T>
    ? T
    : P extends readonly (infer E)[]
      ? Matched<E>[]
      : P extends object
        ? { -readonly [K in keyof P]: Matched<P[K]> }
        : P;

/** Accepts more than one value. `what` completes "expected …". */
export class Matcher<T> {
  readonly what: string;
  readonly mayBeAbsent: boolean;
  readonly #differences: (value: unknown, path: string) => readonly string[];
  /** For the compiler only. */
  declare readonly matched: T;

  constructor(what: string, differences: (value: unknown, path: string) => readonly string[], mayBeAbsent = false) {
    this.what = what;
    this.#differences = differences;
    this.mayBeAbsent = mayBeAbsent;
  }

  static of<T>(what: string, accepts: (value: unknown) => boolean): Matcher<T> {
    return new Matcher(what, (value, path) => (accepts(value) ? [] : [mismatch(path, what, value)]));
  }

  differences(value: unknown, path: string): readonly string[] {
    return this.#differences(value, path);
  }
}

const SHOWN_CHARS = 200;

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}… (${text.length} characters)` : text;
}

const mismatch = (path: string, what: string, value: unknown): string =>
  `${path === '' ? 'the frame' : path}: expected ${what}, got ${show(value)}`;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const within = (path: string, field: string | number): string => (path === '' ? `${field}` : `${path}.${field}`);

/** In words; empty when the value matches. */
export function differences(value: unknown, pattern: Pattern, path = ''): readonly string[] {
  if (pattern instanceof Matcher) return pattern.differences(value, path);
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value)) return [mismatch(path, 'a list', value)];
    if (value.length !== pattern.length) return [mismatch(path, `${pattern.length} entries`, value)];
    return pattern.flatMap((entry: Pattern, at) => differences(value[at], entry, within(path, at)));
  }
  if (isObject(pattern)) {
    if (!isObject(value)) return [mismatch(path, 'an object', value)];
    const named = fieldDifferences(value, pattern as PatternFields, path);
    const unnamed = Object.keys(value).filter((field) => !Object.hasOwn(pattern, field));
    return [...named, ...unnamed.map((field) => mismatch(within(path, field), 'no such field', value[field]))];
  }
  return value === pattern ? [] : [mismatch(path, show(pattern), value)];
}

function fieldDifferences(
  value: Readonly<Record<string, unknown>>,
  pattern: PatternFields,
  path: string,
): readonly string[] {
  return Object.entries(pattern).flatMap(([field, expected]) => {
    if (Object.hasOwn(value, field)) return differences(value[field], expected, within(path, field));
    if (expected instanceof Matcher && expected.mayBeAbsent) return [];
    return [mismatch(within(path, field), expected instanceof Matcher ? expected.what : show(expected), undefined)];
  });
}

/** At least these fields, whatever else. */
export const like = <P extends PatternFields>(pattern: P): Matcher<Matched<P>> =>
  new Matcher('an object with certain fields', (value, path) =>
    isObject(value) ? fieldDifferences(value, pattern, path) : [mismatch(path, 'an object', value)],
  );

/** The field may be absent. */
export const optional = <P extends Pattern>(pattern: P): Matcher<Matched<P> | undefined> =>
  new Matcher('something or nothing', (value, path) => differences(value, pattern, path), true);

/** One of the alternatives. */
export const either = <P extends Pattern>(...patterns: readonly P[]): Matcher<Matched<P>> =>
  Matcher.of(
    patterns.map((pattern) => (pattern instanceof Matcher ? pattern.what : show(pattern))).join(' or '),
    (value) => patterns.some((pattern) => differences(value, pattern).length === 0),
  );

/** So many entries, each as told. */
export const listOf = <P extends Pattern>(entry: P, length?: number): Matcher<Matched<P>[]> =>
  new Matcher('a list', (value, path) => {
    if (!Array.isArray(value)) return [mismatch(path, 'a list', value)];
    if (length !== undefined && value.length !== length) return [mismatch(path, `${length} entries`, value)];
    return value.flatMap((one, at) => differences(one, entry, within(path, at)));
  });

export const anything = Matcher.of<unknown>('anything', () => true);
export const anId = Matcher.of<number>(
  'an id (a positive integer)',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
);
export const aBoolean = Matcher.of<boolean>('a boolean', (value) => typeof value === 'boolean');
export const aText = Matcher.of<string>(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
);

/** L8: UTC to the microsecond. */
export const aTimestamp = Matcher.of<string>(
  'a timestamp such as 2026-11-23 01:02:03.000004',
  (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(value),
);

export const textLike = (regexp: RegExp): Matcher<string> =>
  Matcher.of(`a text like ${regexp}`, (value) => typeof value === 'string' && regexp.test(value));

/** An integer from `min` to `max`, both included. */
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER): Matcher<number> =>
  Matcher.of(
    `an integer from ${min} to ${max}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  );

/** Of a frame; empty when it has none. */
export function typeOf(json: unknown): string {
  const type = (json as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === 'string' ? type : '';
}
