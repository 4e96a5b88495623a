import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatClient } from './chat-client.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

class EdgeProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;

  constructor(env: Record<string, string>) {
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, [MAIN], {
      env: { PATH, PORT: '0', PARLEY_ADMIN_PORT: '0', PARLEY_DATA_DIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** What its log says about being ready. */
  async ready(): Promise<{ port: number; adminPort: number }> {
    const find = () => this.lines().find((line) => line.message === 'ready');
    await expect.poll(() => find() !== undefined, { timeout: 20_000 }).toBe(true);
    return find() as unknown as { port: number; adminPort: number };
  }

  lines(): Record<string, unknown>[] {
    const whole = this.stdout.split('\n').slice(0, -1);
    return whole.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Record<string, unknown>);
  }
}

let folder: string;
const processes: EdgeProcess[] = [];

beforeEach(() => {
  if (!existsSync(MAIN)) throw new Error('not built: run npm run build first');
  folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
});

afterEach(async () => {
  for (const { child, exited } of processes.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true });
});

function spawnEdge(env: Record<string, string> = {}): EdgeProcess {
  const edge = new EdgeProcess(env);
  processes.push(edge);
  return edge;
}

describe('the process of a node', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'G10: drains on %s, keeps what it acknowledged, and exits with 0',
    async (signal) => {
      const edge = spawnEdge();
      const { port } = await edge.ready();
      const url = `ws://127.0.0.1:${port}`;
      const seven = await ChatClient.signIn(url, 7);
      const conversation = await seven.openPersonal(7, 8);
      const sends = 200;
      for (let i = 1; i <= sends; i++) seven.send({ msg: `m${i}`, conv_id: conversation, type: 'personal' });
      await expect.poll(() => acks(seven)).toBeGreaterThan(0);
      edge.child.kill(signal);
      expect(await seven.untilClosed()).toMatchObject({ code: 1012 });
      expect(await edge.exited).toBe(0);
      expect(edge.stderr).toBe('');
      expect(edge.lines().at(-1)).toMatchObject({ message: 'stopped' });

      const again = spawnEdge();
      const eight = await ChatClient.signIn(`ws://127.0.0.1:${(await again.ready()).port}`, 8);
      const acknowledged = acks(seven);
      await expect.poll(() => bodies(eight).length).toBeGreaterThanOrEqual(acknowledged);
      expect(bodies(eight)).toEqual(bodies(eight).map((_body, index) => `m${index + 1}`));
      eight.close();
    },
  );

  it('says where it is and how to try it', async () => {
    const edge = spawnEdge();
    const { port, adminPort } = await edge.ready();
    await expect.poll(() => edge.stdout).toContain(`npx parley chat --user 8 --to 7 --url ws://127.0.0.1:${port}\n`);
    expect(edge.stdout).toContain(`npx parley chat --user 7 --to 8 --url ws://127.0.0.1:${port}\n`);
    expect(edge.stdout).toContain(`http://127.0.0.1:${adminPort}/readyz`);
    expect(edge.stdout).toContain(folder);
    expect(edge.stdout).toMatch(/INSECURE/);
  });

  it('ends at once, with 1, when it is told a second time', async () => {
    const edge = spawnEdge({ PARLEY_DRAIN_DELAY_MS: '600000' });
    await edge.ready();
    edge.child.kill('SIGTERM');
    await expect.poll(() => edge.stdout).toContain('told to stop');
    edge.child.kill('SIGTERM');
    expect(await edge.exited).toBe(1);
  });

  it('names a setting that it does not know, and exits with 1', async () => {
    const edge = spawnEdge({ PARLEY_ALOWED_ORIGINS: '*' });
    expect(await edge.exited).toBe(1);
    expect(edge.stderr).toContain('PARLEY_ALOWED_ORIGINS is not a setting: did you mean PARLEY_ALLOWED_ORIGINS?');
    expect(edge.stderr).not.toContain('    at ');
  });

  it('says that its data are in use, and exits with 1', async () => {
    await spawnEdge().ready();
    const second = spawnEdge();
    expect(await second.exited).toBe(1);
    expect(second.stderr).toMatch(/^Parley cannot start: .*in use by another process/);
  });
});

const acks = (client: ChatClient): number => client.received.filter((text) => text.startsWith('{"message_id"')).length;

const bodies = (client: ChatClient): unknown[] =>
  client.received.filter((text) => text.startsWith('{')).map((text) => (JSON.parse(text) as { msg: unknown }).msg);
