import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const BIN = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url));
/** The promise is 12 KB. */
const MAX_GZIPPED_BYTES = 12_000;

let folder: string;
let tarball: string;

/** What a user of the package has: an empty project with the tarball unpacked, and nothing else. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-client-'));
  if (!existsSync(join(PACKAGE, 'dist/index.js'))) throw new Error('not built: run npm run build first');
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: PACKAGE });
  const [name] = readdirSync(folder);
  tarball = join(folder, name ?? '');
  const home = join(folder, 'project/node_modules/@parley/client');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', home, '--strip-components=1']);
  writeFileSync(join(folder, 'project/package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, source: string): string {
  writeFileSync(join(folder, 'project', file), source);
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], {
    cwd: join(folder, 'project'),
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
}

const CHAT = `
  const server = await startTestServer();
  const { url, webSocket } = server;
  const ann = createChatClient({ url, webSocket, userId: 1 });
  const bob = createChatClient({ url, webSocket, userId: 2 });
  const got = new Promise((resolve) => bob.on('message', (message) => resolve(message.text)));
  const chat = await ann.openPersonal(2);
  await chat.send('hello').settled;
  console.log(await got, typeof fileStorage);
  await ann.close();
  await bob.close();
  await server.close();`;
const NAMES = [
  ['{ createChatClient }', ''],
  ['{ startTestServer }', '/testing'],
  ['{ fileStorage }', '/file'],
];

describe('the published package', () => {
  it('is under 12 KB gzipped, with nothing outside of it', () => {
    const source = readFileSync(join(PACKAGE, 'dist/index.js'));
    const { length } = gzipSync(source, { level: 9 });
    expect(length).toBeLessThan(MAX_GZIPPED_BYTES);
    expect(source.toString()).not.toMatch(/\bimport\b|\brequire\(|\bBuffer\b|\bprocess\.|ZodError/);
  });

  it('needs no other package, in no entry', () => {
    for (const file of readdirSync(join(PACKAGE, 'dist')).filter((name) => /\.(?:js|cjs|d\.ts|d\.cts)$/.test(name))) {
      const source = readFileSync(join(PACKAGE, 'dist', file), 'utf8');
      const imports = source.matchAll(/^(?:import|export)\b[^'"`;]*\bfrom\s*["']([^"']+)["']/gm);
      const requires = source.matchAll(/\brequire\(["'`]([^"'`]+)["'`]\)/g);
      const imported = [...imports, ...requires].map((found) => found[1]);
      const foreign = imported.filter((name) => !builtinModules.includes(name?.replace('node:', '') ?? ''));
      expect(foreign, file).toEqual([]);
    }
    const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('private');
  });

  it('works by import, installed alone', () => {
    const imports = NAMES.map(([names, entry]) => `import ${names} from '@parley/client${entry}';`).join('\n');
    expect(run('chat.mjs', imports + CHAT)).toBe('hello function');
  });

  it('works by require, installed alone', () => {
    const requires = NAMES.map(([names, entry]) => `const ${names} = require('@parley/client${entry}');`).join('\n');
    expect(run('chat.cjs', `${requires}(async () => {${CHAT}})();`)).toBe('hello function');
  });

  it('passes publint', () => {
    const { stdout, stderr, status } = spawnSync(join(BIN, 'publint'), [tarball, '--strict'], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toContain('All good!');
    expect(status).toBe(0);
  });

  it('passes arethetypeswrong', () => {
    const args = [tarball, '--profile', 'node16', '--format', 'ascii', '--no-emoji', '--no-color'];
    const { stdout, status } = spawnSync(join(BIN, 'attw'), args, { encoding: 'utf8', timeout: 60_000 });
    // Each of the three entries, by `import` and by `require`.
    expect(stdout.match(/OK \((?:CJS|ESM)\)/g)).toHaveLength(6);
    expect(status).toBe(0);
  });

  it('types an application that knows the browser only, by both module formats', () => {
    const options = { strict: true, noEmit: true, module: 'nodenext', lib: ['es2022', 'dom'], types: [] };
    const source = `import { createChatClient, type ChatMessage } from '@parley/client';
      const client = createChatClient({ url: 'ws://a', userId: 1 });
      client.on('message', (message: ChatMessage) => message.text.length);
      // @ts-expect-error a text
      client.send(1, 2);`;
    const home = join(folder, 'project');
    writeFileSync(join(home, 'a.mts'), source);
    writeFileSync(join(home, 'b.cts'), source);
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['a.mts', 'b.cts'] }));
    const { stdout, status } = spawnSync(join(BIN, 'tsc'), ['-p', home], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('has on the disk what the file storage has promised, whenever it is killed', () => {
    const path = join(folder, 'outbox.jsonl');
    const script = `
      import { fileStorage } from '@parley/client/file';
      const storage = fileStorage(${JSON.stringify(path)});
      for (let n = 0; ; n += 1) {
        await storage.put({ clientId: 'm' + n, userId: 1, conversationId: 7, text: 'x', queuedAtMs: 0 });
        if (n === 40) process.kill(process.pid, 'SIGKILL');
      }`;
    writeFileSync(join(folder, 'project/kill.mjs'), script);
    const child = spawnSync(process.execPath, ['kill.mjs'], { cwd: join(folder, 'project'), timeout: 30_000 });
    expect(child.signal).toBe('SIGKILL');
    expect(existsSync(`${path}.lock`)).toBe(true);
    // Its lock is stale, and no obstacle to the next.
    const count = `import { fileStorage } from '@parley/client/file';
      const storage = fileStorage(${JSON.stringify(path)});
      console.log((await storage.load()).map((send) => send.clientId).join());
      await storage.close();`;
    const all = Array.from({ length: 41 }, (_, n) => `m${n}`);
    expect(run('count.mjs', count)).toBe(all.join());
  });

  it('keeps what is put after the disk was full in the middle of a line', () => {
    const path = join(folder, 'full.jsonl');
    // A real file that may not grow beyond its limit, and then may again.
    const script = `
      import { execFileSync } from 'node:child_process';
      import { fileStorage } from '@parley/client/file';
      const storage = fileStorage(${JSON.stringify(path)});
      const send = (clientId, text) => ({ clientId, userId: 1, conversationId: 7, text, queuedAtMs: 5 });
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':']);
      await storage.put(send('a', 'fits'));
      limit(300);
      const told = await storage.put(send('b', 'x'.repeat(1000))).then(() => 'stored', (error) => error.code);
      limit('unlimited');
      await storage.put(send('c', 'after it'));
      console.log(told);
      process.kill(process.pid, 'SIGKILL');`;
    writeFileSync(join(folder, 'project/full.mjs'), script);
    const child = spawnSync(process.execPath, ['full.mjs'], {
      cwd: join(folder, 'project'),
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(child.stderr).toBe('');
    expect(child.stdout.trim()).toBe('EFBIG');
    const look = `import { fileStorage } from '@parley/client/file';
      const storage = fileStorage(${JSON.stringify(path)});
      console.log((await storage.load()).map((send) => send.clientId).join());
      await storage.close();`;
    expect(run('look.mjs', look)).toBe('a,c');
  });
});
