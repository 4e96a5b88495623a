import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initPersonal, say } from './support/chat.ts';
import { Device } from './support/device.ts';
import { EdgeProcess } from './support/edge-process.ts';
import { JWT_SETTINGS, token } from './support/jwt.ts';
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

  it('G7: writes nobody’s words and no token into its log, at any level and whatever goes wrong', async () => {
    const words = 'nobody’s business';
    const edge = spawnEdge({ ...JWT_SETTINGS, LOG_LEVEL: 'debug' });
    await edge.ready();
    const good = token({ sub: '7', name: words });
    const others = [token({ sub: '8' }), token({ sub: '8', exp: 1 }), token({ sub: '8' }, { secret: 'x'.repeat(40) })];
    const [other, ...refused] = others as [string, ...string[]];
    for (const proof of [...refused, `${words}.a.b`]) {
      const stranger = await LegacyClient.open(edge.url);
      stranger.sendText(proof);
      expect((await stranger.ended()).code).toBe(4501);
    }
    const legacy = await LegacyClient.signIn(edge.url, good);
    const current = await Device.connect(edge.url, 8, { user_id: undefined, token: other, cursors: {} });
    const conv_id = await initPersonal(legacy, [7, 8]);
    await say(legacy, 'personal', conv_id, words);
    for (const text of [`{"msg":"${words}`, `{"type":"${words}"}`, `{"type":"personal","conv_id":"${words}"}`]) {
      legacy.sendText(text);
      expect(await legacy.nextJson()).toMatchObject({ type: 'error' });
    }
    const group = await current.ask({ type: 'init_group', member: [7, 8], group_name: words, description: words });
    await current.ask({ type: 'group_rename', conv_id: group.conv_id, group_name: `${words}!` });
    const send = { type: 'group', conv_id: group.conv_id, client_id: 'c' };
    expect(await current.ask({ ...send, msg: words })).toMatchObject({ type: 'ack' });
    expect(await current.ask({ ...send, msg: `${words}?` })).toMatchObject({ name: 'client_id_conflict' });
    for (const proof of refused)
      expect(await current.ask({ type: 'refresh', token: proof })).toMatchObject({ type: 'error' });
    expect(await current.ask({ type: 'refresh', token: other })).toMatchObject({ type: 'refreshed' });
    expect((await current.first('the message', ({ type }) => type === 'personal')).msg).toBe(words);
    expect(await edge.stop()).toBe(0);
    const log = edge.stdout + edge.stderr;
    // It does say at this level who signs in.
    expect(edge.logged.filter(({ message }) => message === 'signed in')).toHaveLength(2);
    for (const secret of [words, good, ...others, ...[good, ...others].map((proof) => proof.split('.')[2] as string)]) {
      expect(log).not.toContain(secret);
    }
    current.end();
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
