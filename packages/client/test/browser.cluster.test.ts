import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ChatClient } from '../src/api/client.ts';
import { createChatClient } from '../src/create-chat-client.ts';
import { launchChromium, type PageGlobals, PageServer } from './browser-page.ts';
import { RealNode } from './real-node.ts';
import { TcpGate } from './tcp-gate.ts';
import { until } from './until.ts';

declare const window: PageGlobals & Window;

const SECRET = 'a secret of the tests, of 32 bytes or more';
const INSTALL_MS = 10 * 60_000;

let browser: Browser;
let pages: PageServer;
let node: RealNode;
let context: BrowserContext;
let bob: ChatClient;
let users = 100;
/** New in each test. */
let ann: number;

beforeAll(async () => {
  browser = await launchChromium();
  pages = await PageServer.open(SECRET);
  node = await RealNode.start();
}, INSTALL_MS);
afterAll(async () => {
  await browser?.close();
  await pages?.close();
  await node?.stop();
});

beforeEach(async () => {
  context = await browser.newContext();
  ann = ++users;
  bob = createChatClient({ url: node.url, userId: ++users, webSocket: WebSocket });
  await bob.ready();
});
afterEach(async () => {
  for (const page of context.pages()) {
    const errors = await page.evaluate(() => window.errors ?? []).catch(() => []);
    expect(errors.filter((error) => error.startsWith('unhandled'))).toEqual([]);
  }
  await context.close();
  await bob.close();
});

async function open(url: string, page?: Page): Promise<Page> {
  const opened = page ?? (await context.newPage());
  await opened.goto(url);
  await opened.waitForFunction(() => document.title === 'ready');
  return opened;
}

/** Ann's page, connected; its conversation with bob. */
async function openChat(url = node.url): Promise<{ page: Page; id: number }> {
  const page = await open(pages.pageOf({ url, user: ann }));
  const id = await page.evaluate(async (other) => (await window.client.openPersonal(other)).id, bob.user?.id ?? 0);
  return { page, id };
}

/** Queues texts in the page; `stored` says how many the storage has promised to keep. */
const queue = (page: Page, id: number, name: string, count: number): Promise<void> =>
  page.evaluate(
    ([id, name, count]) => {
      for (let n = 0; n < count; n += 1) window.handles.push(window.client.send(id, `${name} ${n}`));
    },
    [id, name, count] as const,
  );
const pending = (page: Page): Promise<number> => page.evaluate(() => window.client.pending.length);
const statuses = (page: Page): Promise<string[]> => page.evaluate(() => window.handles.map(({ status }) => status));
const textsIn = (page: Page, id: number): Promise<string[]> =>
  page.evaluate(
    (id) => window.client.conversation(id).messages.map((item) => (item.type === 'message' ? item.text : '')),
    id,
  );
const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** What bob has got, when nothing is missing. */
async function received(id: number, count: number): Promise<string[]> {
  const conversation = bob.conversation(id);
  await until(() => conversation.messages.length >= count, `bob to have ${count} messages`);
  expect(conversation.messages.map((item) => item.seq)).toEqual(conversation.messages.map((_, n) => n + 1));
  return conversation.messages.map((item) => (item.type === 'message' ? item.text : ''));
}

describe('the client in Chromium', () => {
  it('goes on where it was when the page is reloaded in the middle of sending', async () => {
    const { page, id } = await openChat();
    await queue(page, id, 'm', 200);
    await page.evaluate(() => Promise.all(window.handles.map((handle) => handle.stored)));
    await until(async () => (await statuses(page)).includes('sent'), 'the first to be sent');
    const left = await pending(page);
    expect(left).toBeGreaterThan(0);
    await page.reload();
    await page.waitForFunction(() => document.title === 'ready');
    await until(async () => (await pending(page)) === 0, 'the rest to be sent');
    expect(await received(id, 200)).toEqual(numbered('m', 200));
  });

  it('goes on where it was when the renderer crashes in the middle of sending', async () => {
    const { page, id } = await openChat();
    await queue(page, id, 'm', 200);
    await page.evaluate(() => Promise.all(window.handles.map((handle) => handle.stored)));
    const crashed = page.waitForEvent('crash');
    page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    await page.close();
    const again = await open(pages.pageOf({ url: node.url, user: ann }));
    await until(async () => (await pending(again)) === 0, 'the rest to be sent');
    expect(await received(id, 200)).toEqual(numbered('m', 200));
  });

  it('is offline for a minute, and misses and loses nothing', async () => {
    const gate = await TcpGate.open(node.port);
    try {
      // The page's own clock goes a minute forward; the network is silent, as with a cable pulled, and the browser is told.
      await context.clock.install();
      const { page, id } = await openChat(gate.url);
      await queue(page, id, 'before', 1);
      await received(id, 1);
      // Its ack, which comes apart.
      await until(async () => (await pending(page)) === 0, 'the page to know');
      gate.silence();
      await context.setOffline(true);
      await queue(page, id, 'while offline', 5);
      await bob.conversation(id).send('from bob, meanwhile').settled;
      await page.clock.runFor(60_000);
      const states = () => page.evaluate(() => window.states);
      await until(async () => (await states()).includes('disconnected offline'), 'the page to know that it is offline');
      expect(await pending(page)).toBe(5);
      gate.restore();
      await context.setOffline(false);
      await until(async () => (await pending(page)) === 0, 'the rest to be sent');
      const all = ['before 0', 'from bob, meanwhile', ...numbered('while offline', 5)];
      expect(await received(id, 7)).toEqual(all);
      await until(async () => (await textsIn(page, id)).length === 7, 'the page to have all');
      expect(await textsIn(page, id)).toEqual(all);
    } finally {
      await gate.close();
    }
  });

  it('outlives a server that is killed in the middle of sending', async () => {
    const { page, id } = await openChat();
    await queue(page, id, 'm', 300);
    await until(async () => (await statuses(page)).includes('sent'), 'the first to be sent');
    await node.kill();
    expect(await pending(page)).toBeGreaterThan(0);
    await node.run();
    await until(async () => (await pending(page)) === 0, 'the rest to be sent');
    expect(await received(id, 300)).toEqual(numbered('m', 300));
    expect(await textsIn(page, id)).toEqual(numbered('m', 300));
  });

  it('gets a new token when the old one has expired', async () => {
    const strict = await RealNode.start({ PARLEY_AUTH: 'jwt', PARLEY_JWT_SECRET: SECRET });
    try {
      // A refresh in time is refused.
      pages.tokens = { lastsSeconds: 5 };
      const page = await open(pages.pageOf({ url: strict.url, token: ann }));
      await page.evaluate(() => window.client.ready());
      pages.tokens = 'refused';
      const states = () => page.evaluate(() => window.states);
      // It may have expired, and been renewed, before that: a connection with such a token lasts five seconds at most.
      await until(async () => (await states()).includes('disconnected no_token'), 'the end with no new token');
      expect(await states()).toContain('disconnected token_expired');
      const asked = pages.tokensAsked;
      pages.tokens = { lastsSeconds: 3_600 };
      await page.evaluate(() => window.client.ready());
      expect(pages.tokensAsked).toBeGreaterThan(asked);
      expect(await page.evaluate(() => window.client.user?.id)).toBe(ann);
    } finally {
      await strict.stop();
    }
  });

  it('shares the outbox of two tabs: one sends, each message once, and the other takes over', async () => {
    const sent: number[] = [0, 0];
    const { page: first, id } = await openChat();
    const count = (page: Page, tab: number): void => {
      page.on('websocket', (socket) =>
        socket.on('framesent', ({ payload }) => {
          if (String(payload).includes('"msg":')) sent[tab] = (sent[tab] ?? 0) + 1;
        }),
      );
    };
    // Counted from its next connection on.
    count(first, 0);
    await first.reload();
    await first.waitForFunction(() => document.title === 'ready');
    await first.evaluate(() => window.client.ready());
    const second = await context.newPage();
    count(second, 1);
    await open(pages.pageOf({ url: node.url, user: ann }), second);
    await second.evaluate(() => window.client.ready());

    await Promise.all([queue(first, id, 'one', 40), queue(second, id, 'two', 40)]);
    for (const page of [first, second]) {
      await until(async () => (await statuses(page)).every((status) => status !== 'queued'), 'both to be sent');
    }
    const texts = await received(id, 80);
    expect(texts.filter((text) => text.startsWith('one'))).toEqual(numbered('one', 40));
    expect(texts.filter((text) => text.startsWith('two'))).toEqual(numbered('two', 40));
    expect(sent).toEqual([80, 0]);

    // The leader goes in the middle of it.
    await queue(second, id, 'three', 100);
    await until(() => (sent[0] ?? 0) > 85, 'the leader to send some');
    await first.close();
    await until(async () => (await statuses(second)).every((status) => status !== 'queued'), 'the rest to be sent');
    expect((await received(id, 180)).slice(80)).toEqual(numbered('three', 100));
    expect(sent[1]).toBeGreaterThan(0);
    await until(async () => (await textsIn(second, id)).length === 180, 'the tab to have all');
  });

  it('sends what was queued in a tab that is gone in the same moment, while another one sends', async () => {
    const { page, id } = await openChat();
    const tab = pages.pageOf({ url: node.url, user: ann });
    // A frame is a tab of its own to all that the client knows, and can be taken away between two statements.
    await page.evaluate(async (src) => {
      const frame = document.createElement('iframe');
      Object.assign(frame, { id: 'tab', src });
      document.documentElement.append(frame);
      await new Promise((resolve) => {
        frame.onload = resolve;
      });
      const inside = frame.contentWindow as (PageGlobals & Window) | null;
      while (inside?.document.title !== 'ready') await new Promise((resolve) => setTimeout(resolve, 10));
      await inside.client.ready();
    }, tab);
    await page.evaluate((id) => {
      const frame = document.querySelector('iframe');
      const inside = frame?.contentWindow as PageGlobals | null;
      inside?.client.send(id, 'the last words of a tab');
      frame?.remove();
    }, id);
    expect(await received(id, 1)).toEqual(['the last words of a tab']);
    await until(async () => (await textsIn(page, id)).length === 1, 'the other tab to have it');
    expect(await pending(page)).toBe(0);
  });

  it('goes on where pages may keep nothing', async () => {
    const open = await RealNode.start({ PARLEY_ALLOWED_ORIGINS: '*' });
    try {
      const page = await context.newPage();
      // A frame without an origin: IndexedDB throws, and there are no locks.
      const src = pages.pageOf({ url: open.url, user: ann });
      await page.setContent(`<iframe sandbox="allow-scripts" src="${src}"></iframe>`);
      const frame = page.frames()[1];
      await frame?.waitForFunction(() => document.title === 'ready');
      const told = await frame?.evaluate(async () => {
        const chat = await window.client.openPersonal(1);
        const handle = chat.send('without a storage');
        const stored = await handle.stored;
        const { ok } = await handle.settled;
        await window.client.close();
        return { stored, ok, errors: window.errors };
      });
      expect(told).toMatchObject({ stored: false, ok: true });
      for (const error of told?.errors ?? ['none']) expect(error).toMatch(/denied/);
    } finally {
      await open.stop();
    }
  });
});
