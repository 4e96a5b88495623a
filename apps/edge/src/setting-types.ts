import { z } from 'zod';

/** What the table of settings says of each; the schema carries it along. */
export interface SettingMeta {
  readonly type: string;
  /** In words; null when there is none. */
  readonly default: string | null;
  readonly description: string;
  /** Never shown. */
  readonly secret?: true;
  /** Other names it is read from. */
  readonly aliases?: readonly string[];
}

const fail = (ctx: z.RefinementCtx, message: string): never => {
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
};

/** A whole number within bounds. */
export const whole = (min: number, max: number) =>
  z.string().transform((text, ctx): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : fail(ctx, `must be a whole number from ${min} to ${max}`);
  });

export const port = () => whole(0, 65_535);

export const flag = () =>
  z.string().transform((text, ctx): boolean => {
    switch (text.toLowerCase()) {
      case 'true':
      case '1':
        return true;
      case 'false':
      case '0':
        return false;
      default:
        return fail(ctx, 'must be true or false');
    }
  });

export const oneOf = <const T extends string>(...allowed: readonly [T, ...T[]]) =>
  z.string().transform((text, ctx): T => {
    const found = allowed.find((value) => value === text);
    return found ?? fail(ctx, `must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`);
  });

export const text = (maxChars: number) =>
  z
    .string()
    .transform((value, ctx): string =>
      value.length <= maxChars ? value : fail(ctx, `must be at most ${maxChars} characters long`),
    );

/** A host name or IP address, without scheme, port or path. */
export const host = () =>
  z
    .string()
    .transform((value, ctx): string =>
      /^[A-Za-z0-9._:%-]{1,255}$/.test(value) && !/^\d+$/.test(value)
        ? value
        : fail(ctx, 'must be a host name or an IP address, without scheme, port or path'),
    );

export const url = (...protocols: readonly [string, ...string[]]) =>
  z.string().transform((value, ctx): string => {
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed !== null && parsed.hostname !== '' && protocols.includes(parsed.protocol)) return value;
    return fail(ctx, `must be an address that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`);
  });

/** Sentinels and cluster nodes are lists of hosts, which `URL` does not read; the adapter checks the rest. */
export const redisUrl = () =>
  z
    .string()
    .transform((value, ctx): string =>
      /^rediss?:\/\/[^/?#\s]+(\/\d*)?$/.test(value)
        ? value
        : fail(ctx, 'must look like redis://[user:password@]host[:port][,host[:port]][/db] (rediss:// for TLS)'),
    );

/** Entries separated by commas; each must pass `check`. */
export const list = (check: (entry: string) => boolean, what: string) =>
  z.string().transform((value, ctx): readonly string[] => {
    const entries = value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    const bad = entries.find((entry) => !check(entry));
    if (entries.length > 0 && bad === undefined) return entries;
    return fail(ctx, `must be ${what}, separated by commas${bad === undefined ? '' : ` ("${bad}" is not)`}`);
  });

/** As browsers write it: scheme, host and port, nothing behind; or `*`, or `null` for pages without an origin. */
export function isOrigin(entry: string): boolean {
  if (entry === '*' || entry === 'null') return true;
  return URL.canParse(entry) && new URL(entry).origin === entry.toLowerCase();
}

export const isPath = (entry: string): boolean => /^\/[\w\-./~]*$/.test(entry);
