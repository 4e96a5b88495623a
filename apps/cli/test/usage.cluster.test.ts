import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Environment, type Finished, run } from './cli-process.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-cli-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const parley = (args: readonly string[], env: Environment = {}): Promise<Finished> => run({ args, env, cwd });

describe('usage', () => {
  it.each([
    [[], 'Usage: parley'],
    [['chatt'], 'Did you mean chat?'],
    [['start', '--port', '4000'], 'PORT=4000 parley start'],
    [['chat'], 'Give --user 7'],
    [['chat', '--user', 'seven'], 'Write a positive whole number'],
    [['chat', '--user', '7', '--token', 'a.b.c'], 'exclude each other'],
    [['chat', '--user', '7', '--to', '8', '--group', 'x', '--members', '8'], '--to and --group'],
    [['chat', '--user', '7', '--group', 'x'], '--members'],
    [['chat', '--user', '7', '--url', 'http://127.0.0.1:3128'], 'ws://'],
    [['user', 'add', '7'], "missing required argument 'name'"],
    [['user', 'add', '0', 'Zero'], 'Write a positive whole number'],
    [['user', 'add', '7', 'two\nlines'], 'on one line'],
    [['token'], '--user'],
    [['token', '--user', '7', '--ttl', 'soon'], '1h'],
    [['cluster', '--nodes', '0'], 'from 1 to 64'],
    [['conformance', '--url', 'http://127.0.0.1:3128'], 'ws://'],
    [['conformance', '--only', 'V99'], 'parley conformance --list'],
    [['conformance', '--jobs', '0'], 'from 1 to'],
    [['conformance', '--issuer', 'me'], '--secret'],
    [['epoch', 'renew', 'now'], 'too many arguments'],
    [['receipts', 'thin'], '--older-than'],
    [['receipts', 'thin', '--older-than', '12h'], 'of whole days'],
    [['why', 'abc'], 'Write a positive whole number'],
  ])('%j is refused with exit code 2 and what to write', async (args, hint) => {
    const { code, stdout, stderr } = await parley(args);
    expect(stderr).toContain(hint);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    ['start'],
    ['migrate'],
    ['user'],
    ['chat'],
    ['token'],
    ['config'],
    ['cluster'],
    ['conformance'],
    ['inspect'],
    ['why'],
    ['epoch'],
    ['receipts'],
  ])('parley %s --help has examples', async (command) => {
    const { code, stdout } = await parley([command, '--help']);
    expect(stdout).toMatch(/Examples:\n(?: {2}.*\n)* {2}.*parley /);
    expect(code).toBe(0);
  });
});

describe('parley --version', () => {
  it('is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await parley(['--version'])).toMatchObject({ code: 0, stdout: version });
  });
});

describe('parley config', () => {
  it('lists every setting with its value, masks secrets and marks what is set', async () => {
    const secret = 's'.repeat(40);
    const { code, stdout } = await parley(['config'], { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: secret, PORT: '4000' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* PORT=4000$/m);
    expect(stdout).toMatch(/^\* PARLEY_JWT_SECRET=\(secret\)$/m);
    expect(stdout).toMatch(/^ {2}PARLEY_DATA_DIR$/m);
    expect(stdout).not.toContain(secret);
  });

  it('says what is wrong, all of it, and exits with 1', async () => {
    const { code, stderr } = await parley(['config', '--check'], { PORT: 'x', PARLEY_AUHT: 'jwt' });
    expect(code).toBe(1);
    expect(stderr).toContain('PORT must be');
    expect(stderr).toContain('did you mean PARLEY_AUTH?');
  });

  it('is made for scripts too', async () => {
    const { stdout } = await parley(['config', '--json']);
    const settings = JSON.parse(stdout) as { name: string; value: string | null; source: string }[];
    expect(settings.find(({ name }) => name === 'PORT')).toMatchObject({ value: '3128', source: 'default' });
  });
});

describe('parley token', () => {
  const secret = 'a secret that is at least 32 bytes long';

  it('is signed with HS256 and carries what a node checks (L17)', async () => {
    const env = {
      PARLEY_AUTH: 'jwt',
      PARLEY_JWT_SECRET: secret,
      PARLEY_JWT_ISSUER: 'us',
      PARLEY_JWT_AUDIENCE: 'parley',
    };
    const before = Math.floor(Date.now() / 1000);
    const { code, stdout } = await parley(['token', '--user', '7', '--name', 'Dakola Timmy', '--ttl', '90s'], env);
    expect(code).toBe(0);
    const [head, body, signature] = stdout.split('.') as [string, string, string];
    expect(createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')).toBe(signature);
    const decode = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(decode(head)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { iat, exp, ...claims } = decode(body) as { iat: number; exp: number };
    expect(claims).toEqual({ sub: '7', name: 'Dakola Timmy', iss: 'us', aud: 'parley' });
    expect(exp - iat).toBe(90);
    expect(iat).toBeGreaterThanOrEqual(before);
  });

  it('says why there is none for development sign-in', async () => {
    const { code, stderr, stdout } = await parley(['token', '--user', '7']);
    expect(stderr).toContain('Set PARLEY_AUTH=jwt');
    expect([code, stdout]).toEqual([1, '']);
  });
});

describe('a cluster that is not there', () => {
  const env = {
    mysql_host: '127.0.0.1',
    mysql_port: '9',
    mysql_user: 'u',
    mysql_password: 'p',
    db_name: 'd',
    REDIS_URL: 'redis://127.0.0.1:9',
  };

  it.each([[['migrate']], [['user', 'list']], [['why', '1']], [['inspect', '--cluster']]])(
    '%j says what it could not reach, and exits with 1',
    async (args) => {
      const { code, stderr } = await parley(args, env);
      expect(stderr).toContain('127.0.0.1:9');
      expect(stderr).toContain('mysql_host');
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(1);
    },
  );

  it('parley inspect says where no node answers', async () => {
    const { code, stderr } = await parley(['inspect', '--admin', 'http://127.0.0.1:9']);
    expect(stderr).toContain('No node answers at http://127.0.0.1:9');
    expect(code).toBe(1);
  });

  it('half a configuration is refused with what to set', async () => {
    const { code, stderr } = await parley(['user', 'list'], { mysql_host: 'db', mysql_user: 'u', db_name: 'd' });
    expect(stderr).toContain('set REDIS_URL');
    expect(code).toBe(1);
  });
});
