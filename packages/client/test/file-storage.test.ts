import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredSend } from '../src/api/storage.ts';
import { fileStorage } from '../src/storage/file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-outbox-'));
  path = join(folder, 'deep', 'outbox.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const send = (clientId: string, text = clientId): StoredSend => ({
  ...{ clientId, userId: 1, conversationId: 7, text, queuedAtMs: 5 },
});
const idsIn = async (storage: { load(): Promise<StoredSend[]> }): Promise<string[]> =>
  (await storage.load()).map(({ clientId }) => clientId);

describe('the file storage', () => {
  it('keeps what was put and not removed, in order, over a restart', async () => {
    const first = fileStorage(path);
    // Not awaited one by one: they take effect in the order of the calls.
    await Promise.all([first.put(send('a')), first.put(send('b')), first.remove('a'), first.put(send('c', 'ü\n"'))]);
    await first.close();
    const second = fileStorage(path);
    expect(await second.load()).toEqual([send('b'), send('c', 'ü\n"')]);
    await second.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('passes over a last line that a crash has torn', async () => {
    const first = fileStorage(path);
    await first.put(send('a'));
    await first.close();
    appendFileSync(path, '{"put":{"clientId":"b","te');
    const second = fileStorage(path);
    expect(await idsIn(second)).toEqual(['a']);
    await second.put(send('c'));
    await second.close();
    const third = fileStorage(path);
    expect(await idsIn(third)).toEqual(['a', 'c']);
    await third.close();
  });

  it('takes over the lock of a process that is gone, and respects that of one that lives', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']);
    const first = fileStorage(path);
    await first.put(send('a'));
    const second = fileStorage(path);
    await expect(second.load()).rejects.toThrow(`in use by process ${process.pid}`);
    await expect(second.close()).rejects.toThrow('in use');
    expect(existsSync(`${path}.lock`)).toBe(true);
    await first.close();
    writeFileSync(`${path}.lock`, String(dead.pid));
    const third = fileStorage(path);
    expect(await idsIn(third)).toEqual(['a']);
    await third.close();
  });

  it('takes over the lock of a predecessor that had the same process id, as process 1 of a container has', async () => {
    const first = fileStorage(path);
    await first.put(send('a'));
    const lock = readFileSync(`${path}.lock`, 'utf8');
    await first.close();
    // Same id, begun at another time.
    writeFileSync(`${path}.lock`, lock.replace(/ .*/, ' 1'));
    const second = fileStorage(path);
    expect(await idsIn(second)).toEqual(['a']);
    await second.close();
  });

  it('closes its file also when it is being replaced', async () => {
    const open = (): number => readdirSync('/proc/self/fd').filter((fd) => target(fd).startsWith(folder)).length;
    const target = (fd: string): string => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    };
    const storage = fileStorage(path);
    await storage.load();
    expect(open()).toBe(1);
    const done: Promise<void>[] = [];
    // One write of so many lines that the file is written anew instead.
    for (let n = 0; n < 800; n += 1) done.push(storage.put(send(`${n}`)), storage.remove(`${n}`));
    await storage.close();
    await Promise.all(done);
    expect(open()).toBe(0);
  });

  it('is one process’s, also when many begin at once behind a lock that a dead one has left', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']);
    mkdirSync(dirname(path));
    writeFileSync(`${path}.lock`, `${dead.pid} 1`);
    const all = Array.from({ length: 20 }, () => fileStorage(path));
    const loads = await Promise.allSettled(all.map((storage) => storage.load()));
    expect(loads.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.allSettled(all.map((storage) => storage.close()));
    expect(readdirSync(dirname(path))).toEqual(['outbox.jsonl']);
  });

  it('does not grow with what has gone through it', async () => {
    const storage = fileStorage(path);
    await storage.put(send('stays'));
    for (let round = 0; round < 30; round += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => `${round}-${n}`);
      await Promise.all(ids.flatMap((id) => [storage.put(send(id)), storage.remove(id)]));
    }
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1_300);
    await storage.close();
    const again = fileStorage(path);
    expect(await idsIn(again)).toEqual(['stays']);
    await again.close();
  });
});
