import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initPersonal } from './support/chat.ts';
import { EdgeProcess } from './support/edge-process.ts';
import { LegacyClient } from './support/legacy-client.ts';

let folder: string;
const processes: EdgeProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-process-'));
});

afterEach(async () => {
  for (const edge of processes.splice(0)) await edge.kill();
  rmSync(folder, { recursive: true });
});

function spawnEdge(env: Record<string, string> = {}): EdgeProcess {
  const edge = new EdgeProcess({ PARLEY_DATA_DIR: folder, ...env });
  processes.push(edge);
  return edge;
}

describe('the process of a node', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'G10: drains on %s, keeps what it acknowledged, and exits with 0',
    async (signal) => {
      const edge = spawnEdge();
      await edge.ready();
      const seven = await LegacyClient.signIn(edge.url, '7');
      const conversation = await initPersonal(seven, [7, 8]);
      const sends = 200;
      for (let i = 1; i <= sends; i++) seven.send({ msg: `m${i}`, conv_id: conversation, type: 'personal' });
      await expect.poll(() => acks(seven)).toBeGreaterThan(0);
      edge.signal(signal);
      expect(await seven.ended()).toMatchObject({ code: 1012 });
      expect(await edge.exited).toBe(0);
      expect(edge.stderr).toBe('');
      expect(edge.logged.at(-1)).toMatchObject({ message: 'stopped' });

      const again = spawnEdge();
      await again.ready();
      const eight = await LegacyClient.signIn(again.url, '8');
      const acknowledged = acks(seven);
      await expect.poll(() => bodies(eight).length).toBeGreaterThanOrEqual(acknowledged);
      expect(bodies(eight)).toEqual(bodies(eight).map((_body, index) => `m${index + 1}`));
      eight.drop();
    },
  );

  it('says where it is and how to try it', async () => {
    const edge = spawnEdge();
    await edge.ready();
    await expect.poll(() => edge.stdout).toContain(`npx parley chat --user 8 --to 7 --url ${edge.url}\n`);
    expect(edge.stdout).toContain(`npx parley chat --user 7 --to 8 --url ${edge.url}\n`);
    expect(edge.stdout).toContain(`${edge.adminUrl}/readyz`);
    expect(edge.stdout).toContain(folder);
    expect(edge.stdout).toMatch(/INSECURE/);
  });

  it('ends at once, with 1, when it is told a second time', async () => {
    const edge = spawnEdge({ PARLEY_DRAIN_DELAY_MS: '600000' });
    await edge.ready();
    edge.signal('SIGTERM');
    await expect.poll(() => edge.stdout).toContain('told to stop');
    edge.signal('SIGTERM');
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

const acks = (client: LegacyClient): number => client.unread.filter((text) => text.startsWith('{"message_id"')).length;

const bodies = (client: LegacyClient): unknown[] =>
  client.unread.filter((text) => text.startsWith('{')).map((text) => (JSON.parse(text) as { msg: unknown }).msg);
