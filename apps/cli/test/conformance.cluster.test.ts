import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { type CliProcess, type Environment, type Finished, run, startNode } from './cli-process.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const JWT = { PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: SECRET, HOST: '127.0.0.1' };

let cwd: string;
const nodes: CliProcess[] = [];
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-cli-'));
});
afterAll(async () => {
  for (const node of nodes) node.kill('SIGTERM');
  await Promise.all(nodes.map((node) => node.exit()));
  rmSync(cwd, { recursive: true });
});

/** @returns its address */
async function node(name: string, env: Environment = {}): Promise<string> {
  const started = await startNode({
    cwd,
    env: { PORT: '0', PARLEY_ADMIN_PORT: '0', PARLEY_DATA_DIR: join(cwd, name), PARLEY_DRAIN_MS: '500', ...env },
  });
  nodes.push(started);
  const line = await started.line((text) => (text.includes('"message":"ready"') ? text : undefined));
  return `ws://127.0.0.1:${(JSON.parse(line) as { readonly port: number }).port}`;
}

const conformance = (...args: readonly string[]): Promise<Finished> => run({ args: ['conformance', ...args], cwd });

describe('parley conformance', () => {
  it('prints a table of the rules and ends with 0 when none failed', async () => {
    const url = await node('development');
    const { code, stdout, stderr } = await conformance('--url', url, '--only', 'V101,V323,V103,V1101');
    expect(stdout).toMatch(/^Sign-in\nV101 {3}ok +\d+ ms {2}a hello is answered by welcome.* \[L17\]\nV103 {3}skipped/);
    expect(stdout).toMatch(
      /\nConversations and sends\nV323 {3}ok +\d+ ms {2}.* \[G3\]\n\nOld and new clients together\nV1101 {2}ok /,
    );
    expect(stdout).toContain('Skipped (needs tokens: give the secret that the server checks them with): V103');
    expect(stdout).toMatch(/\n3 passed, 0 failed, 1 skipped$/);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('signs in with tokens when it has the secret, also from a file', async () => {
    const url = await node('jwt', JWT);
    const file = join(cwd, 'secret');
    writeFileSync(file, `${SECRET}\n`);
    for (const secret of [
      ['--secret', SECRET],
      ['--secret-file', file],
    ]) {
      const { code, stdout } = await conformance('--url', url, ...secret, '--only', 'V103,V126,V304', '--json');
      const report = JSON.parse(stdout) as {
        readonly results: readonly { readonly id: string; readonly outcome: string }[];
      };
      expect(report).toMatchObject({ urls: [url], passed: 3, failed: 0, skipped: 0 });
      expect(report.results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
        'V103 passed',
        'V126 passed',
        'V304 passed',
      ]);
      expect(code).toBe(0);
    }
    const without = await conformance('--url', url, '--only', 'V101');
    expect(without.stderr).toContain('No rule can be played');
    expect(without.stderr).toContain('Give --secret-file');
    expect([without.stdout, without.code]).toEqual(['', 1]);
    const wrong = await conformance('--url', url, '--only', 'V101', '--secret', SECRET.toUpperCase());
    expect(wrong.stderr).toContain('Check --secret');
    expect([wrong.stdout, wrong.code]).toEqual(['', 1]);
  });

  it('shows what was expected and what came, and ends with 1 when a rule failed', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => socket.on('message', () => socket.send('{"type":"hello"}')));
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stdout } = await conformance('--url', url, '--only', 'V101', '--patience', '1');
    expect(stdout).toMatch(
      /\nV101 a hello is answered by welcome.*\n {2}alice: got a frame of unknown type "hello", in {"type":"hello"}\n/,
    );
    expect(stdout).toMatch(/\n +\d+ ms {2}alice -> {"type":"hello","v":2,"user_id":\d+/);
    expect(stdout).toMatch(/\n0 passed, 1 failed, 0 skipped$/);
    expect(code).toBe(1);
    for (const client of server.clients) client.terminate();
    server.close();
  });

  it('says so when there is no server', async () => {
    const { code, stdout, stderr } = await conformance('--url', 'ws://127.0.0.1:1', '--only', 'V101');
    expect(stderr).toMatch(/^No server there: cannot connect to ws:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n.*--url/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('lists the rules without a server', async () => {
    const { code, stdout } = await conformance('--list', '--only', 'G9');
    expect(stdout).toMatch(/^### Sign-in\n\n\| rule \| what it says \| proves \| needs \|/);
    expect(stdout).toMatch(/\n\| V822 \| a watch tells .* \| G9 \| {2}\|\n/);
    expect(code).toBe(0);
  });
});
