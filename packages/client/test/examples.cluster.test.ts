import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './browser-page.ts';
import { RealNode } from './real-node.ts';
import { until } from './until.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const WS = fileURLToPath(new URL('../../../node_modules/ws', import.meta.url));
const INSTALL_MS = 10 * 60_000;

let folder: string;
let node: RealNode;

/** An empty folder with what the README says to install. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-examples-'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: PACKAGE });
  const [tarball = ''] = readdirSync(folder);
  const home = join(folder, 'node_modules/@parley/client');
  mkdirSync(home, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', home, '--strip-components=1']);
  cpSync(WS, join(folder, 'node_modules/ws'), { recursive: true });
  node = await RealNode.start();
});
afterAll(async () => {
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
});

class Program {
  readonly child: ChildProcess;
  output = '';

  constructor(file: string, ...args: string[]) {
    this.child = spawn(process.execPath, [file, ...args], { cwd: folder, stdio: 'pipe' });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  shows(text: string): Promise<void> {
    return until(() => this.output.includes(text), `"${text}" in:\n${this.output}`);
  }

  async end(): Promise<number | null> {
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

describe('the README', () => {
  it('has ten lines that work in an empty folder', async () => {
    const [, lines = ''] =
      /## Ten lines\n\n```js\n([\s\S]*?)```/.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? [];
    expect(lines.trim().split('\n').length).toBeLessThanOrEqual(10);
    writeFileSync(join(folder, 'hello.mjs'), lines.replace('ws://localhost:3128', node.url));
    const hello = new Program('hello.mjs');
    expect(await hello.end(), hello.output).toBe(0);
    expect(hello.output).toContain('User 1: hello');
    expect(hello.output).toContain('stored as number 1');
  });
});

describe('the terminal chat', () => {
  it('chats, and sends at the next start what it could not send', async () => {
    cpSync(join(PACKAGE, 'examples/terminal-chat/chat.mjs'), join(folder, 'chat.mjs'));
    const ann = new Program('chat.mjs', '21', '22', node.url);
    const bob = new Program('chat.mjs', '22', '21', node.url);
    await ann.shows('* conversation');
    await bob.shows('* conversation');
    ann.say('hello bob');
    await bob.shows('User 21: hello bob');
    await ann.shows('* seen: hello bob');

    await node.kill();
    await ann.shows('* disconnected');
    ann.say('kept for later');
    await until(
      () => readFileSync(join(folder, 'outbox-21.jsonl'), 'utf8').includes('kept for later'),
      'it to be kept',
    );
    ann.child.kill('SIGKILL');
    await node.run();
    const again = new Program('chat.mjs', '21', '22', node.url);
    await bob.shows('User 21: kept for later');
    await again.shows('* seen: kept for later');
    expect(await again.end(), again.output).toBe(0);
    expect(await bob.end(), bob.output).toBe(0);
    expect(bob.output.match(/kept for later/g)).toHaveLength(1);
  });
});

describe('the Preact hook', () => {
  let browser: Browser;
  let server: Server;
  let pages: Page[] = [];

  beforeAll(async () => {
    const bundle = await rolldown({
      input: join(PACKAGE, 'examples/preact-hook/app.tsx'),
      platform: 'browser',
      transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    });
    const { output } = await bundle.generate({ format: 'esm' });
    await bundle.close();
    const page = readFileSync(join(PACKAGE, 'examples/preact-hook/app.html'));
    server = createServer((request, response) => {
      if (request.url === '/app.js') response.setHeader('content-type', 'text/javascript').end(output[0].code);
      else response.setHeader('content-type', 'text/html').end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
  }, INSTALL_MS);
  afterEach(async () => {
    for (const page of pages) await page.context().close();
    pages = [];
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function open(me: number, other: number): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    pages.push(page);
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?me=${me}&other=${other}&url=${node.url}`);
    await page.locator('form').waitFor();
    return page;
  }

  it('shows the conversation as it goes: messages, what waits, who types, what was seen', async () => {
    const ann = await open(31, 32);
    const input = ann.locator('input');
    await input.fill('first');
    await input.press('Enter');
    await ann.locator('#messages li', { hasText: 'User 31: first (sent)' }).waitFor();

    // Bob was not there: what was said before comes from the history.
    const bob = await open(32, 31);
    await bob.locator('#messages li', { hasText: 'User 31: first' }).waitFor();
    await ann.locator('#messages li', { hasText: 'User 31: first (seen)' }).waitFor();

    await bob.locator('input').pressSequentially('hm');
    await ann.locator('#typing', { hasText: 'typing' }).waitFor();
    await bob.locator('input').press('Enter');
    await ann.locator('#messages li', { hasText: 'User 32: hm' }).waitFor();
    await ann.locator('#typing', { hasText: /^$/ }).waitFor({ state: 'attached' });

    await node.kill();
    await ann.locator('#state', { hasText: /disconnected|connecting/ }).waitFor();
    await input.fill('second');
    await input.press('Enter');
    await ann.locator('#pending li', { hasText: 'second' }).waitFor();
    await node.run();
    await bob.locator('#messages li', { hasText: 'User 31: second' }).waitFor();
    await ann.locator('#messages li', { hasText: 'User 31: second (seen)' }).waitFor();
    expect(await ann.locator('#pending li').count()).toBe(0);
    expect(await bob.locator('#messages li').count()).toBe(3);
  });
});
