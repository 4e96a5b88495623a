import { DEFAULT_SETTINGS } from '@parley/core';
import { DEFAULT_PORT } from '@parley/protocol';
import { z } from 'zod';
import {
  flag,
  host,
  isOrigin,
  isPath,
  list,
  oneOf,
  port,
  redisUrl,
  type SettingMeta,
  text,
  url,
  whole,
} from './setting-types.ts';

const DEFAULT_ADMIN_PORT = 9128;

const about = (meta: SettingMeta): SettingMeta & Record<string, unknown> => ({ ...meta });

const withDefault = <T extends z.ZodType<unknown, string>>(
  schema: T,
  fallback: string,
  meta: Omit<SettingMeta, 'default'>,
): z.ZodPrefault<T> => z.prefault(schema, fallback as z.input<T>).meta(about({ default: fallback, ...meta }));

const number = (fallback: number, min: number, max: number, description: string) =>
  withDefault(whole(min, max), String(fallback), { type: `whole number, ${min} to ${max}`, description });

const optional = <T extends z.ZodType>(schema: T, meta: Omit<SettingMeta, 'default'> & { default?: string }) =>
  schema.optional().meta(about({ default: null, ...meta }));

const { lanes, maxBatchRows, maxInFlightPerSession, signInDeadlineMs, drainBatchSize, drainTimeoutMs } =
  DEFAULT_SETTINGS;

/**
 * Every setting there is, each a string of the environment turned into a checked value. The one place to add a setting: the table of
 * `parley config`, the refusal of unknown names and the defaults all come from here. An empty value counts as unset.
 */
export const settingsSchema = z.object({
  HOST: optional(host(), {
    type: 'address',
    default: '127.0.0.1 with development sign-in, else 0.0.0.0',
    description: 'Where clients connect. Whoever reaches a node with development sign-in can be any user.',
  }),
  PORT: withDefault(port(), String(DEFAULT_PORT), {
    type: 'port',
    description: 'Where clients connect; 0 takes any free port and prints it.',
  }),
  PARLEY_ADMIN_HOST: withDefault(host(), '127.0.0.1', {
    type: 'address',
    description: 'Where /livez, /readyz and /metrics are served.',
  }),
  PARLEY_ADMIN_PORT: withDefault(port(), String(DEFAULT_ADMIN_PORT), {
    type: 'port',
    description: 'Where /livez, /readyz and /metrics are served; 0 takes any free port.',
  }),
  PARLEY_DATA_DIR: withDefault(text(1_024), '.parley/data', {
    type: 'folder',
    description: 'Where the embedded store keeps its file. Not used with a database server.',
  }),

  mysql_host: optional(host(), {
    type: 'address',
    description: 'The MySQL (or MariaDB) server of the cluster. Without one the node keeps its data in a file.',
    aliases: ['MYSQL_HOST'],
  }),
  mysql_port: withDefault(whole(1, 65_535), '3306', {
    type: 'port',
    description: 'Port of the database server.',
    aliases: ['MYSQL_PORT'],
  }),
  mysql_user: optional(text(128), {
    type: 'text',
    description: 'User of the database server.',
    aliases: ['MYSQL_USER'],
  }),
  mysql_password: optional(text(1_024), {
    type: 'text',
    description: 'Password of that user.',
    secret: true,
    aliases: ['MYSQL_PASSWORD'],
  }),
  db_name: optional(text(64), {
    type: 'text',
    description: 'Name of the database, which exists and has been migrated (`parley migrate`).',
    aliases: ['DB_NAME'],
  }),
  PARLEY_MYSQL_TLS: withDefault(flag(), 'false', {
    type: 'true or false',
    description: 'Talk to the database server over TLS, and check its certificate.',
  }),
  PARLEY_MYSQL_CA_FILE: optional(text(1_024), {
    type: 'file',
    description: "Certificate authority of the database server's certificate, in PEM; implies TLS.",
  }),
  REDIS_URL: optional(redisUrl(), {
    type: 'address',
    description:
      'The Redis through which nodes hear of each other, as redis://user:password@host:6379/0; several hosts with commas.',
    secret: true,
  }),
  PARLEY_REDIS_MODE: withDefault(oneOf('standalone', 'sentinel', 'cluster'), 'standalone', {
    type: 'standalone, sentinel or cluster',
    description: 'What the hosts of REDIS_URL are: one server, sentinels, or nodes of a Redis Cluster.',
  }),
  PARLEY_REDIS_MASTER: optional(text(128), {
    type: 'text',
    default: 'mymaster',
    description: "The master's name, with sentinels.",
  }),
  PARLEY_REDIS_SENTINEL_PASSWORD: optional(text(1_024), {
    type: 'text',
    description: "The sentinels' own password, when they have one.",
    secret: true,
  }),
  PARLEY_REDIS_PREFIX: optional(text(64), {
    type: 'text',
    default: 'parley:',
    description: 'First part of every key: two clusters on one Redis take different ones.',
  }),
  PARLEY_SINGLE_NODE: withDefault(flag(), 'false', {
    type: 'true or false',
    description: 'This is the only node of its database: no Redis is needed.',
  }),

  PARLEY_AUTH: withDefault(oneOf('development', 'jwt'), 'development', {
    type: 'development or jwt',
    description: 'Whom the first frame proves: development believes a bare user id, jwt a signed token.',
  }),
  PARLEY_JWT_SECRET: optional(text(4_096), {
    type: 'text of 32 bytes or more',
    description: 'Secret of tokens signed with HS256.',
    secret: true,
  }),
  PARLEY_JWT_KEY_FILE: optional(text(1_024), {
    type: 'file',
    description: 'Public key of tokens signed with RS256 or ES256: PEM, JWK or JWK set.',
  }),
  PARLEY_JWKS_URL: optional(url('https:', 'http:'), {
    type: 'address',
    description:
      'Where the public keys of tokens signed with RS256 or ES256 are fetched; https unless on this machine.',
  }),
  PARLEY_JWT_ISSUER: optional(text(1_024), { type: 'text', description: 'Only tokens whose `iss` is this one.' }),
  PARLEY_JWT_AUDIENCE: optional(text(1_024), { type: 'text', description: 'Only tokens whose `aud` holds this one.' }),

  PARLEY_ALLOWED_ORIGINS: optional(list(isOrigin, 'origins such as https://chat.example, or *'), {
    type: 'list of origins',
    default: 'those with the host name that the browser connects to',
    description: 'Whose web pages may connect; * for all. Clients that are no browsers always may.',
  }),
  PARLEY_PATHS: optional(list(isPath, 'paths such as /chat'), {
    type: 'list of paths',
    default: 'every path',
    description: 'Paths on which WebSocket connections are taken.',
  }),
  PARLEY_PROXY_PROTOCOL: withDefault(flag(), 'false', {
    type: 'true or false',
    description: 'The balancer puts a PROXY protocol preamble before each connection; refused otherwise.',
  }),

  PARLEY_MAX_CONNECTIONS: number(100_000, 1, 10_000_000, 'Open connections; one more is refused with 503.'),
  PARLEY_MAX_BUFFERED_BYTES: number(
    1_048_576,
    65_536,
    268_435_456,
    'Bytes waiting for one slow client; past it the client is disconnected and resumes later.',
  ),
  PARLEY_IDLE_TIMEOUT_SECONDS: number(
    60,
    8,
    960,
    'A silent connection is pinged within, and closed when nothing answers.',
  ),
  PARLEY_FRAME_TIMEOUT_MS: number(60_000, 5_000, 600_000, 'How long a client may take to send one whole frame.'),
  PARLEY_SIGN_IN_TIMEOUT_MS: number(signInDeadlineMs, 100, 60_000, 'How long a client may take to sign in.'),
  PARLEY_MAX_IN_FLIGHT: number(maxInFlightPerSession, 1, 65_536, 'Unanswered requests of one connection.'),
  PARLEY_LANES: number(lanes, 1, 64, 'Write lanes: transactions that this node has under way at once.'),
  PARLEY_BATCH_ROWS: number(maxBatchRows, 1, 512, 'Messages committed in one transaction at most.'),
  PARLEY_MYSQL_CONNECTIONS: number(8, 2, 1_000, 'Connections to the database for everything but the write lanes.'),
  PARLEY_DRAIN_DELAY_MS: number(
    0,
    0,
    600_000,
    'Told to stop, a node says "not ready" this long before it stops listening, so that balancers notice.',
  ),
  PARLEY_DRAIN_MS: number(drainTimeoutMs, 100, 600_000, 'How long a node that is told to stop may take to drain.'),
  PARLEY_DRAIN_BATCH: number(drainBatchSize, 1, 100_000, 'Connections sent away at once while draining.'),

  LOG_LEVEL: withDefault(oneOf('debug', 'info', 'warn', 'error', 'silent'), 'info', {
    type: 'debug, info, warn, error or silent',
    description: 'What is logged.',
  }),
  NODE_ENV: optional(text(64), {
    type: 'text',
    description: 'With production, development sign-in is refused.',
  }),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof typeof settingsSchema.shape;

export interface Setting extends SettingMeta {
  readonly name: SettingName;
}

/** All settings, in the order in which they are shown. */
export const SETTINGS: readonly Setting[] = (
  Object.entries(settingsSchema.shape) as [SettingName, { meta(): unknown }][]
).map(([name, schema]) => ({ name, ...(schema.meta() as SettingMeta) }));
