/** One setting as a load tester sees it: `-e NAME=value` or the environment. */
type Env = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** Nodes (or one balancer); a user's connection starts at one of them and moves on to the next when it is refused. */
  readonly urls: readonly string[];
  /** First user id; the run uses a block of ids from here on. */
  readonly userBase: number;
  /** Signs users in with HS256 tokens made from this secret; null: bare user ids (development sign-in). */
  readonly jwtSecret: string | null;
  readonly pairs: number;
  readonly groups: number;
  readonly groupSize: number;
  /** k6 virtual users; each owns whole conversations. */
  readonly vus: number;
  /** Messages per second, all together. */
  readonly rate: number;
  readonly durationMs: number;
  /** Latencies of messages sent in this first part are not counted; the messages are. */
  readonly warmupMs: number;
  /** How long the run waits at the end for what is still missing. */
  readonly drainMs: number;
  /** How long everything must stay quiet after that, to catch late duplicates. */
  readonly quietMs: number;
  /** How long connecting, signing in and opening the conversations may take. */
  readonly setupMs: number;
  /** Length of a message body in characters, at least. */
  readonly messageSize: number;
  /** Unanswered sends that a connection may have; at the bound further sends are skipped, and counted. */
  readonly maxInFlight: number;
  readonly thresholds: {
    readonly ackP95Ms: number;
    readonly ackP99Ms: number;
    readonly deliveryP95Ms: number;
    readonly deliveryP99Ms: number;
    /** Share of the intended sends that may be skipped (not connected, or too many in flight). */
    readonly maxSkipped: number;
    /** Sends that may be refused with a temporary error. */
    readonly maxRefused: number;
  };
}

export const DEFAULT_URL = 'ws://127.0.0.1:3128';

/** Reads and checks all settings. Throws an error that names the setting. */
export function readSettings(env: Env): Settings {
  const pairs = integer(env, 'PAIRS', 20, 0, 100_000);
  const groups = integer(env, 'GROUPS', 4, 0, 100_000);
  const conversations = pairs + groups;
  if (conversations === 0) throw new Error('PAIRS and GROUPS are both 0: nothing to do');
  const vus = integer(env, 'VUS', Math.min(4, conversations), 1, 10_000);
  if (vus > conversations)
    throw new Error(`VUS=${vus}: each needs a conversation of its own, there are ${conversations}`);
  return {
    urls: urls(env),
    userBase: integer(env, 'USER_BASE', 1_000_000, 1, 2 ** 52),
    jwtSecret: env.JWT_SECRET ?? null,
    pairs,
    groups,
    groupSize: integer(env, 'GROUP_SIZE', 5, 2, 1_000),
    vus,
    rate: number(env, 'RATE', 100, 0.1, 1_000_000),
    durationMs: duration(env, 'DURATION', '30s'),
    warmupMs: duration(env, 'WARMUP', '3s'),
    drainMs: duration(env, 'DRAIN', '30s'),
    quietMs: duration(env, 'QUIET', '1s'),
    setupMs: duration(env, 'SETUP', '60s'),
    messageSize: integer(env, 'MESSAGE_SIZE', 100, 1, 60_000),
    maxInFlight: integer(env, 'MAX_IN_FLIGHT', 1_000, 1, 100_000),
    thresholds: {
      ackP95Ms: number(env, 'ACK_P95_MS', 200, 0, 1e9),
      ackP99Ms: number(env, 'ACK_P99_MS', 500, 0, 1e9),
      deliveryP95Ms: number(env, 'DELIVERY_P95_MS', 250, 0, 1e9),
      deliveryP99Ms: number(env, 'DELIVERY_P99_MS', 750, 0, 1e9),
      maxSkipped: number(env, 'MAX_SKIPPED', 0.05, 0, 1),
      maxRefused: integer(env, 'MAX_REFUSED', 0, 0, 1e9),
    },
  };
}

function urls(env: Env): string[] {
  const text = env.URLS ?? env.URL ?? DEFAULT_URL;
  const list = text
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
  for (const url of list) {
    if (!/^wss?:\/\/./.test(url)) throw new Error(`URLS: ${url} is not a ws:// or wss:// address`);
  }
  if (list.length === 0) throw new Error('URLS is empty');
  return list;
}

function number(env: Env, name: string, byDefault: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return byDefault;
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new Error(`${name}=${text}: a number from ${min} to ${max}`);
  return value;
}

function integer(env: Env, name: string, byDefault: number, min: number, max: number): number {
  const value = number(env, name, byDefault, min, max);
  if (!Number.isInteger(value)) throw new Error(`${name}=${env[name]}: an integer`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function duration(env: Env, name: string, byDefault: string): number {
  const text = env[name] ?? byDefault;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) throw new Error(`${name}=${text}: a duration such as 500ms, 30s, 2m`);
  return Number(match[1]) * unit;
}
