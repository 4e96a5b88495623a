import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@parley/local-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliProcess, type Environment, type Finished, run, startNode } from './cli-process.ts';

let cwd: string;
let env: Environment;
let url: string;
let children: CliProcess[];

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  env = { PORT: String(port), PARLEY_ADMIN_PORT: String(adminPort), PARLEY_DATA_DIR: 'data' };
  url = `ws://127.0.0.1:${port}`;
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exit()));
  rmSync(cwd, { recursive: true });
});

const parley = (...args: string[]): Promise<Finished> => run({ args, env, cwd });

async function node(): Promise<CliProcess> {
  const started = await startNode({ cwd, env });
  children.push(started);
  return started;
}

function chat(...args: string[]): CliProcess {
  const client = new CliProcess({ args: ['chat', '--json', '--url', url, ...args], env: {}, cwd });
  children.push(client);
  return client;
}

describe('users of the embedded store', () => {
  async function addRenameList(): Promise<void> {
    expect(await parley('user', 'add', '7', 'Dakola Timmy')).toMatchObject({
      code: 0,
      stdout: 'User 7 is Dakola Timmy.',
    });
    expect(await parley('user', 'add', '7', 'Dakola Timmy')).toMatchObject({ code: 0 });
    const other = await parley('user', 'add', '7', 'Somebody Else');
    expect(other.stderr).toBe(
      'User 7 exists already: Dakola Timmy.\nRename it with: parley user rename 7 "Somebody Else"',
    );
    expect(other.code).toBe(1);
    expect(await parley('user', 'rename', '7', 'Timmy')).toMatchObject({
      code: 0,
      stdout: 'User 7 is now Timmy, before Dakola Timmy.',
    });
    expect(await parley('user', 'rename', '9', 'Nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('parley user add 9'),
    });
    expect((await parley('user', 'list', '--json')).stdout).toBe('{"id":7,"name":"Timmy"}');
  }

  it('can be managed before the first start, and are there afterwards', async () => {
    await addRenameList();
    await node();
    expect((await parley('user', 'list')).stdout).toMatch(/^ +7 {2}Timmy$/);
  });

  it('can be managed while the node runs, over a socket that its owner alone can open', async () => {
    const running = await node();
    await addRenameList();
    const socket = join(cwd, 'data', 'operator.sock');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    running.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect(() => statSync(socket)).toThrow('ENOENT');
    expect((await parley('user', 'list', '--json')).stdout).toBe('{"id":7,"name":"Timmy"}');
  });

  it('can be managed again after the node was killed and left its socket behind', async () => {
    const killed = await node();
    killed.kill('SIGKILL');
    await killed.exit();
    expect(await parley('user', 'add', '8', 'Ann')).toMatchObject({ code: 0 });
    await node();
    expect(await parley('user', 'add', '9', 'Bob')).toMatchObject({ code: 0 });
    expect((await parley('user', 'list')).stdout.split('\n')).toEqual(['       8  Ann', '       9  Bob']);
  });
});

describe('the epoch of the embedded store', () => {
  it('is shown and renewed while the node runs, and without it', async () => {
    // Somewhere else than meant, most likely: nothing is made there.
    const nothing = await parley('epoch');
    expect(nothing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('set PARLEY_DATA_DIR') });
    const running = await node();
    const first = (await parley('epoch')).stdout;
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    const renewed = await parley('epoch', 'renew');
    expect(renewed).toMatchObject({ code: 0, stdout: expect.stringContaining(`, before ${first}.`) });
    const second = (await parley('epoch')).stdout;
    expect(second).not.toBe(first);
    expect(renewed.stdout).toContain(`The epoch is now ${second}, `);
    running.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect((await parley('epoch')).stdout).toBe(second);
  });
});

describe('the moves of the embedded store', () => {
  it('are thinned while the node runs, and without it', async () => {
    const thin = (...flags: string[]) => parley('receipts', 'thin', '--older-than', '90d', ...flags);
    const nothing = { code: 0, stdout: 'Removed 0 of 0 moves.' };
    const running = await node();
    expect(await thin()).toMatchObject(nothing);
    running.kill('SIGTERM');
    expect(await running.exit()).toBe(0);
    expect(await thin()).toMatchObject(nothing);
    expect(await thin('--dry-run')).toMatchObject({ code: 0, stdout: 'Would remove 0 of 0 moves.' });
  });
});

describe('parley chat on one node', () => {
  it('carries a conversation between two users: names, acknowledgement, seen (L1 to L4, L7, L10)', async () => {
    await parley('user', 'add', '7', 'Dakola Timmy');
    await node();
    const ann = chat('--user', '8');
    await ann.event({ event: 'up' });
    const timmy = chat('--user', '7', '--to', '8');
    const { conversation_id: id } = await timmy.event({ event: 'conversation', current: true });
    timmy.write('A simple message');
    const sent = await timmy.event({ event: 'sent', body: 'A simple message' });
    const got = await ann.event({
      event: 'message',
      conversation_id: id,
      sender: 'Dakola Timmy',
      body: 'A simple message',
    });
    expect(got.message_id).toBe(sent.message_id);
    ann.write(`/use ${id}`, 'An answer');
    await timmy.event({ event: 'message', conversation_id: id, sender: 'User 8', body: 'An answer', current: true });

    timmy.write('/quit');
    expect(await timmy.exit()).toBe(0);
    ann.endInput();
    expect(await ann.exit()).toBe(0);
    const why = await parley('why', String(sent.message_id));
    expect(why.stdout).toContain(`Message ${sent.message_id} is stored: number 1 of personal conversation ${id}.`);
    expect(why.stdout).toMatch(/Sent by Dakola Timmy \(user 7\)/);
    expect(why.stdout).toMatch(/Status: seen, delivered at .* UTC, seen at .* UTC\./);
    expect(why.stdout).not.toContain('A simple message');
    const inspect = await parley('inspect');
    expect(inspect).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: ready, node .*\n(?:.*\n)*.*2 committed/),
    });
    expect((await parley('inspect', '--user', '8')).stdout).toMatch(
      new RegExp(`^${id} +personal with user 7 +2 +1$`, 'm'),
    );
  });

  it('reconnects by itself after the node was killed and started again, and misses nothing (G4)', async () => {
    const first = await node();
    const ann = chat('--user', '8');
    await ann.event({ event: 'up' });
    first.kill('SIGKILL');
    await ann.event({ event: 'down' });
    await node();
    const timmy = chat('--user', '7', '--to', '8');
    timmy.write('sent while you may have been away');
    timmy.endInput();
    expect(await timmy.exit()).toBe(0);
    await ann.event({ event: 'message', body: 'sent while you may have been away' });
    expect(ann.stdout.filter((line) => line.includes('"event":"up"')).length).toBeGreaterThanOrEqual(2);
  });

  it('is sent away by a draining node with 1012, waits, and comes back to the next one (G10)', async () => {
    const first = await node();
    const ann = chat('--user', '8');
    await ann.event({ event: 'up' });
    first.kill('SIGTERM');
    const down = await ann.event({ event: 'down' });
    expect(down.why).toContain('1012');
    expect(await first.exit()).toBe(0);
    await node();
    await ann.line((line) =>
      line.includes('"up"') && ann.stdout.indexOf(line) !== ann.stdout.lastIndexOf(line) ? true : undefined,
    );
  });

  it('shows what is pending on connect, oldest first, and a group to all its members (L11)', async () => {
    await node();
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    const args = ['chat', '--user', '7', '--group', 'World cup', '--members', '8,9', '--url', url];
    const sender = await run({ args, cwd, input: lines });
    expect(sender).toMatchObject({ code: 0, stderr: '' });
    expect(sender.stdout.match(/^sent #\d+$/gm)?.length).toBe(50);
    for (const user of ['8', '9']) {
      const reader = chat('--user', user);
      await reader.event({ event: 'message', body: 'line 49' });
      const bodies = reader.stdout
        .map((line) => JSON.parse(line))
        .filter(({ event }) => event === 'message')
        .map(({ body }) => body);
      expect(bodies).toEqual(lines);
    }
  });

  it('signs in with a token, and is told why a wrong one is refused (L17)', async () => {
    const secrets = { ...env, PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: 'a secret that is at least 32 bytes long' };
    const started = await startNode({ cwd, env: { ...secrets, HOST: '127.0.0.1' } });
    children.push(started);
    const token = (await run({ args: ['token', '--user', '7', '--name', 'Dakola Timmy'], env: secrets, cwd })).stdout;
    const timmy = chat('--token', token);
    expect(await timmy.event({ event: 'up' })).toMatchObject({ user_id: 7 });
    const bare = await run({ args: ['chat', '--user', '7', '--url', url], cwd });
    expect(bare).toMatchObject({ code: 1, stdout: expect.stringContaining('send a token') });
    const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    const refused = await run({ args: ['chat', '--token', forged, '--url', url], cwd });
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('invalid_token') });
  });

  it('says how to start a node when there is none', async () => {
    const { code, stdout } = await run({ args: ['chat', '--user', '7', '--url', url, '--no-reconnect'], cwd });
    expect(stdout).toContain('npm start');
    expect(code).toBe(1);
  });
});
