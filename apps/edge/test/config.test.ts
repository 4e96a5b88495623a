import { describe, expect, it } from 'vitest';
import { describeConfig, loadConfig } from '../src/config.ts';
import { ConfigError } from '../src/config-error.ts';
import type { Environment } from '../src/environment.ts';
import { SETTINGS } from '../src/settings.ts';

const CLUSTER = {
  mysql_host: 'db.internal',
  mysql_user: 'parley',
  mysql_password: 'p4ssw0rd-of-mysql',
  db_name: 'chat',
  REDIS_URL: 'redis://:p4ssw0rd-of-redis@cache:6379/2',
};
const SECRET = 'a secret of at least thirty-two bytes';

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('needs nothing: one node with development sign-in, on loopback, that keeps its data in a file', () => {
    const config = loadConfig({});
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 3128, allowedOrigins: null, paths: null });
    expect(config.admin).toEqual({ host: '127.0.0.1', port: 9128 });
    expect(config.store).toEqual({ kind: 'sqlite', dataDir: '.parley/data' });
    expect(config.bus).toEqual({ kind: 'in_process' });
    expect(config.auth).toEqual({ kind: 'development' });
    expect(config.engine.createUnknownMembers).toBe(true);
    expect(config.stop).toEqual({ delayMs: 0, drainMs: 20_000 });
  });

  it('L16: takes the names of the original, for a node of a cluster', () => {
    const config = loadConfig(CLUSTER);
    expect(config.store).toEqual({
      kind: 'mysql',
      host: 'db.internal',
      port: 3306,
      user: 'parley',
      password: 'p4ssw0rd-of-mysql',
      database: 'chat',
      connections: 8,
      tls: null,
    });
    expect(config.bus).toMatchObject({ kind: 'redis', url: CLUSTER.REDIS_URL, mode: 'standalone' });
  });

  it('L16: takes them in upper case too', () => {
    const { mysql_host, mysql_user, mysql_password, db_name, REDIS_URL } = CLUSTER;
    const upper = { MYSQL_HOST: mysql_host, MYSQL_USER: mysql_user, MYSQL_PASSWORD: mysql_password, DB_NAME: db_name };
    expect(loadConfig({ ...upper, REDIS_URL })).toEqual(loadConfig(CLUSTER));
    expect(loadConfig({ ...upper, REDIS_URL, MYSQL_PORT: '3307' }).store).toMatchObject({ port: 3307 });
  });

  it('listens to the network once it asks for proof, unless told otherwise', () => {
    const jwt = { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: SECRET };
    expect(loadConfig(jwt).listen.host).toBe('0.0.0.0');
    expect(loadConfig(jwt).engine.createUnknownMembers).toBe(false);
    expect(loadConfig({ ...jwt, HOST: '::1' }).listen.host).toBe('::1');
    expect(loadConfig({ HOST: '0.0.0.0' }).listen.host).toBe('0.0.0.0');
  });

  it('takes an empty value for none', () => {
    const empty = Object.fromEntries(SETTINGS.map((setting) => [setting.name, '']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('is frozen through and through', () => {
    const config = loadConfig({ PARLEY_ALLOWED_ORIGINS: 'https://chat.example' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.listen.allowedOrigins)).toBe(true);
  });

  it.each([
    ['origins', { PARLEY_ALLOWED_ORIGINS: 'https://a.example, http://b.example:8080' }, 'listen.allowedOrigins', 2],
    ['paths', { PARLEY_PATHS: '/,/chat' }, 'listen.paths', 2],
    ['lanes', { PARLEY_LANES: '4' }, 'engine.lanes', 4],
    ['drain', { PARLEY_DRAIN_MS: '5000' }, 'stop.drainMs', 5_000],
    ['free port', { PORT: '0' }, 'listen.port', 0],
  ])('takes %s', (_name, env, path, expected) => {
    const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], loadConfig(env));
    expect(Array.isArray(value) ? value.length : value).toBe(expected);
  });

  it('takes several hosts of Redis', () => {
    const env = { ...CLUSTER, REDIS_URL: 'rediss://a:26379,b:26379', PARLEY_REDIS_MODE: 'sentinel' };
    expect(loadConfig(env).bus).toMatchObject({ mode: 'sentinel', url: 'rediss://a:26379,b:26379' });
  });

  it.each([
    ['a single node with a database', { ...CLUSTER, REDIS_URL: '', PARLEY_SINGLE_NODE: 'true' }],
    ['key file', { PARLEY_AUTH: 'jwt', PARLEY_JWT_KEY_FILE: '/run/key.pem' }],
    ['key set over https', { PARLEY_AUTH: 'jwt', PARLEY_JWKS_URL: 'https://id.example/jwks' }],
    ['key set on this machine', { PARLEY_AUTH: 'jwt', PARLEY_JWKS_URL: 'http://127.0.0.1:8080/jwks' }],
    ['production with tokens', { NODE_ENV: 'production', PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: SECRET }],
    ['settings of the balancer', { PARLEY_BALANCER_BIND: ':3128' }],
    [
      'addresses of Kubernetes services',
      {
        PARLEY_SERVICE_HOST: '10.0.0.1',
        PARLEY_PORT: 'tcp://10.0.0.1:3128',
        PARLEY_PORT_3128_TCP_ADDR: '10.0.0.1',
        PARLEY_EDGE_SERVICE_HOST: '10.0.0.1',
        PARLEY_EDGE_SERVICE_PORT_WS: '3128',
        PARLEY_EDGE_PORT: 'tcp://10.0.0.1:3128',
        PARLEY_EDGE_PORT_3128_TCP: 'tcp://10.0.0.1:3128',
        PARLEY_EDGE_PORT_3128_TCP_PROTO: 'tcp',
      },
    ],
  ])('accepts %s', (_name, env) => {
    expect(problemsOf(env)).toEqual([]);
  });

  it.each<[string, Environment, RegExp]>([
    ['an unknown setting', { PARLEY_FLUX: '1' }, /PARLEY_FLUX is not a setting: `parley config` lists/],
    ['a misspelt one', { PARLEY_ALOWED_ORIGIN: '*' }, /did you mean PARLEY_ALLOWED_ORIGINS\?/],
    ['one in lower case', { parley_auth: 'jwt' }, /parley_auth is not a setting: did you mean PARLEY_AUTH\?/],
    ['a port that is none', { PORT: '70000' }, /PORT must be a whole number from 0 to 65535, not "70000"/],
    ['a port with a sign', { PORT: '-1' }, /PORT must be a whole number/],
    ['a port in words', { PARLEY_ADMIN_PORT: 'http' }, /PARLEY_ADMIN_PORT must be a whole number/],
    ['a port of Kubernetes', { PARLEY_ADMIN_PORT: 'tcp://10.0.0.1:9128' }, /enableServiceLinks: false/],
    ['a host with a scheme', { HOST: 'http://x' }, /HOST must be a host name or an IP address/],
    ['a database host with a port', { ...CLUSTER, mysql_host: 'db/x' }, /mysql_host must be a host name/],
    ['an unknown sign-in', { PARLEY_AUTH: 'none' }, /PARLEY_AUTH must be development or jwt, not "none"/],
    ['a flag in words', { PARLEY_SINGLE_NODE: 'yes' }, /PARLEY_SINGLE_NODE must be true or false/],
    ['an origin with a path', { PARLEY_ALLOWED_ORIGINS: 'https://a.example/' }, /must be origins such as/],
    ['an origin without a scheme', { PARLEY_ALLOWED_ORIGINS: 'a.example' }, /"a.example" is not/],
    ['a relative path', { PARLEY_PATHS: 'chat' }, /PARLEY_PATHS must be paths/],
    ['an unknown log level', { LOG_LEVEL: 'verbose' }, /LOG_LEVEL must be debug, info, warn, error or silent/],
    ['too few lanes', { PARLEY_LANES: '0' }, /PARLEY_LANES must be a whole number from 1 to 64/],
    ['a batch beyond the store', { PARLEY_BATCH_ROWS: '513' }, /PARLEY_BATCH_ROWS must be/],
    ['Redis over http', { ...CLUSTER, REDIS_URL: 'http://cache' }, /REDIS_URL must look like redis:/],
    ['a database without Redis', { ...CLUSTER, REDIS_URL: undefined }, /set REDIS_URL, or PARLEY_SINGLE_NODE=true/],
    ['Redis without a database', { REDIS_URL: CLUSTER.REDIS_URL }, /set mysql_host, mysql_user, mysql_password/],
    [
      'a database host alone',
      { mysql_host: 'db', REDIS_URL: CLUSTER.REDIS_URL },
      /mysql_host set without mysql_user, db_name/,
    ],
    ['a database password alone', { mysql_password: 'p4ssw0rd' }, /mysql_password set without mysql_host/],
    ['two different hosts', { ...CLUSTER, MYSQL_HOST: 'other' }, /mysql_host and MYSQL_HOST are both set, and differ/],
    ['one node and Redis', { ...CLUSTER, PARLEY_SINGLE_NODE: 'true' }, /unset one/],
    ['development in production', { NODE_ENV: 'production' }, /refused when NODE_ENV=production/],
    ['tokens without a key', { PARLEY_AUTH: 'jwt' }, /needs exactly one of .*; none is set/],
    [
      'tokens with two keys',
      { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: SECRET, PARLEY_JWKS_URL: 'https://id.example/jwks' },
      /PARLEY_JWT_SECRET, PARLEY_JWKS_URL are set/,
    ],
    ['a key without tokens', { PARLEY_JWT_SECRET: SECRET }, /PARLEY_JWT_SECRET set without PARLEY_AUTH=jwt/],
    ['a short secret', { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: 'short' }, /at least 32 bytes/],
    [
      'keys over http',
      { PARLEY_AUTH: 'jwt', PARLEY_JWKS_URL: 'http://id.example/jwks' },
      /PARLEY_JWKS_URL must begin with https/,
    ],
    ['keys from a file address', { PARLEY_AUTH: 'jwt', PARLEY_JWKS_URL: 'file:///k' }, /https:\/\/ or http:\/\//],
  ])('refuses %s', (_name, env, expected) => {
    expect(problemsOf(env).join('\n')).toMatch(expected);
  });

  it('names everything that is wrong at once, and no secret', () => {
    const env = {
      ...CLUSTER,
      PORT: 'x',
      PARLEY_LANES: 'y',
      PARLEY_FLUX: 'z',
      REDIS_URL: 'http://:p4ssw0rd-of-redis@cache',
      PARLEY_JWT_SECRET: 'p4ssw0rd-of-tokens',
    };
    const problems = problemsOf(env);
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual([
      'PARLEY_FLUX',
      'PARLEY_LANES',
      'PORT',
      'REDIS_URL',
    ]);
    expect(problems.join('\n')).not.toContain('p4ssw0rd');
  });
});

describe('describeConfig', () => {
  it('lists every setting with type, default and description', () => {
    const rows = describeConfig({});
    expect(rows.map((row) => row.name)).toEqual(SETTINGS.map((setting) => setting.name));
    for (const row of rows) {
      expect(row.type, row.name).not.toBe('');
      expect(row.description, row.name).toMatch(/\.$/);
      expect(row.source).toBe('default');
    }
    expect(rows.find((row) => row.name === 'PORT')).toMatchObject({ default: '3128', value: '3128', type: 'port' });
  });

  it('shows what is set and where from, and masks secrets', () => {
    const rows = describeConfig({ ...CLUSTER, PORT: '4000' });
    expect(rows.find((row) => row.name === 'PORT')).toMatchObject({ value: '4000', source: 'environment' });
    expect(JSON.stringify(rows)).not.toContain('p4ssw0rd');
    expect(rows.filter((row) => row.secret).map((row) => row.name)).toEqual([
      'mysql_password',
      'REDIS_URL',
      'PARLEY_REDIS_SENTINEL_PASSWORD',
      'PARLEY_JWT_SECRET',
    ]);
  });
});
