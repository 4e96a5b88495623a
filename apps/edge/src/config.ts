import type { ChatNodeSettings } from '@parley/core';
import { type AuthConfig, authOf } from './auth-config.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { SETTINGS, type Setting, type SettingName, type Settings, settingsSchema } from './settings.ts';

export interface SqliteConfig {
  readonly kind: 'sqlite';
  readonly dataDir: string;
}
/** The server's certificate is always checked. */
export interface MysqlTlsConfig {
  /** PEM file; null: the certificate authorities that Node knows. */
  readonly caFile: string | null;
}

export interface MysqlConfig {
  readonly kind: 'mysql';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Connections for everything but the write lanes. */
  readonly connections: number;
  /** Null: no TLS. */
  readonly tls: MysqlTlsConfig | null;
}

export interface RedisConfig {
  readonly kind: 'redis';
  readonly url: string;
  readonly mode: Settings['PARLEY_REDIS_MODE'];
  /** Null: the adapter's default. */
  readonly masterName: string | null;
  readonly sentinelPassword: string | null;
  readonly prefix: string | null;
}

/** How one node is to run. Frozen through and through; knows nothing of where it came from. */
export interface EdgeConfig {
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly allowedOrigins: readonly string[] | null;
    readonly paths: readonly string[] | null;
    readonly trustProxyProtocol: boolean;
    readonly maxConnections: number;
    readonly maxBufferedBytes: number;
    readonly idleTimeoutSeconds: number;
    readonly frameTimeoutMs: number;
  };
  readonly admin: { readonly host: string; readonly port: number };
  readonly store: SqliteConfig | MysqlConfig;
  readonly bus: { readonly kind: 'in_process' } | RedisConfig;
  readonly auth: AuthConfig;
  readonly engine: Partial<ChatNodeSettings>;
  readonly stop: { readonly delayMs: number; readonly drainMs: number };
  readonly logLevel: Settings['LOG_LEVEL'];
}

/**
 * The configuration that an environment asks for; this process's unless another is given.
 * @throws ConfigError with everything that is wrong, not the first alone
 */
export function loadConfig(env: Environment = process.env): EdgeConfig {
  const problems: string[] = [];
  const given = readEnvironment(env, problems);
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(explain(issue.path[0] as SettingName, issue.message, given));
    throw new ConfigError(problems);
  }
  const settings = parsed.data;
  const config: EdgeConfig = {
    listen: listenOf(settings),
    admin: { host: settings.PARLEY_ADMIN_HOST, port: settings.PARLEY_ADMIN_PORT },
    store: storeOf(settings, given, problems),
    bus: busOf(settings),
    auth: authOf(settings, problems),
    engine: {
      createUnknownMembers: settings.PARLEY_AUTH === 'development',
      signInDeadlineMs: settings.PARLEY_SIGN_IN_TIMEOUT_MS,
      maxInFlightPerSession: settings.PARLEY_MAX_IN_FLIGHT,
      maxUnansweredPerSession: settings.PARLEY_MAX_IN_FLIGHT * 4,
      lanes: settings.PARLEY_LANES,
      maxBatchRows: settings.PARLEY_BATCH_ROWS,
      drainBatchSize: settings.PARLEY_DRAIN_BATCH,
      drainTimeoutMs: settings.PARLEY_DRAIN_MS,
    },
    stop: { delayMs: settings.PARLEY_DRAIN_DELAY_MS, drainMs: settings.PARLEY_DRAIN_MS },
    logLevel: settings.LOG_LEVEL,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** For `parley config`: every setting with the value it has and where that comes from. Secrets are masked. */
export function describeConfig(
  env: Environment,
): readonly (Setting & { readonly value: string | null; readonly source: 'environment' | 'default' })[] {
  const given = readEnvironment(env, []);
  return SETTINGS.map((setting) => {
    const value = given[setting.name];
    if (value === undefined) return { ...setting, value: setting.default, source: 'default' as const };
    return { ...setting, value: setting.secret === true ? '(secret)' : value, source: 'environment' as const };
  });
}

function explain(name: SettingName, message: string, given: Partial<Record<SettingName, string>>): string {
  const value = given[name] ?? '';
  const secret = SETTINGS.some((setting) => setting.name === name && setting.secret === true);
  const service = /^(tcp|udp):\/\//.test(value)
    ? ' This comes from Kubernetes, for a Service of that name: set enableServiceLinks: false for the pod.'
    : '';
  return `${name} ${message}${secret ? '' : `, not "${value.slice(0, 100)}"`}.${service}`;
}

function listenOf(settings: Settings): EdgeConfig['listen'] {
  return {
    // A node that believes everybody does not listen to the network unless told to.
    host: settings.HOST ?? (settings.PARLEY_AUTH === 'development' ? '127.0.0.1' : '0.0.0.0'),
    port: settings.PORT,
    allowedOrigins: settings.PARLEY_ALLOWED_ORIGINS ?? null,
    paths: settings.PARLEY_PATHS ?? null,
    trustProxyProtocol: settings.PARLEY_PROXY_PROTOCOL,
    maxConnections: settings.PARLEY_MAX_CONNECTIONS,
    maxBufferedBytes: settings.PARLEY_MAX_BUFFERED_BYTES,
    idleTimeoutSeconds: settings.PARLEY_IDLE_TIMEOUT_SECONDS,
    frameTimeoutMs: settings.PARLEY_FRAME_TIMEOUT_MS,
  };
}

function busOf(settings: Settings): EdgeConfig['bus'] {
  if (settings.REDIS_URL === undefined) return { kind: 'in_process' };
  return {
    kind: 'redis',
    url: settings.REDIS_URL,
    mode: settings.PARLEY_REDIS_MODE,
    masterName: settings.PARLEY_REDIS_MASTER ?? null,
    sentinelPassword: settings.PARLEY_REDIS_SENTINEL_PASSWORD ?? null,
    prefix: settings.PARLEY_REDIS_PREFIX ?? null,
  };
}

const DATABASE_SETTINGS = ['mysql_host', 'mysql_port', 'mysql_user', 'mysql_password', 'db_name'] as const;

function storeOf(
  settings: Settings,
  given: Partial<Record<SettingName, string>>,
  problems: string[],
): SqliteConfig | MysqlConfig {
  const redis = settings.REDIS_URL !== undefined;
  const { mysql_host: host, mysql_user: user, db_name: database } = settings;
  if (settings.PARLEY_SINGLE_NODE && redis) {
    problems.push('PARLEY_SINGLE_NODE=true says that there is no other node, REDIS_URL that there are: unset one.');
  }
  const named = DATABASE_SETTINGS.filter((name) => given[name] !== undefined);
  if (named.length === 0) {
    if (redis) {
      problems.push(
        'REDIS_URL is set without a database, which the nodes of a cluster share: set mysql_host, mysql_user, mysql_password and db_name, or unset REDIS_URL for one node that keeps its data in a file.',
      );
    }
    return { kind: 'sqlite', dataDir: settings.PARLEY_DATA_DIR };
  }
  const missing = (['mysql_host', 'mysql_user', 'db_name'] as const).filter((name) => settings[name] === undefined);
  if (missing.length > 0) problems.push(`${named.join(', ')} set without ${missing.join(', ')}: set them too.`);
  if (!redis && !settings.PARLEY_SINGLE_NODE) {
    problems.push(
      'A database is set without Redis, through which nodes hear of each other: set REDIS_URL, or PARLEY_SINGLE_NODE=true if this is the only node of its database.',
    );
  }
  return {
    kind: 'mysql',
    host: host ?? '',
    port: settings.mysql_port,
    user: user ?? '',
    password: settings.mysql_password ?? '',
    database: database ?? '',
    connections: settings.PARLEY_MYSQL_CONNECTIONS,
    tls:
      settings.PARLEY_MYSQL_TLS || settings.PARLEY_MYSQL_CA_FILE !== undefined
        ? { caFile: settings.PARLEY_MYSQL_CA_FILE ?? null }
        : null,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
