import { FakeClock, Random } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { OutboxStorage } from '../src/api/storage.ts';
import { ChatClientImplementation } from '../src/chat-client.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { TestEnvironment } from './harness.ts';
import { ackOf, ScriptedServer } from './scripted-server.ts';

/** One lock and one channel for all tabs. What a tab is told waits until the test lets it hear. */
class Browser {
  readonly #line: (() => void)[] = [];
  readonly #tabs = new Set<TabChannel>();

  /** The first in line has the lock until its callback is done, or its tab crashes. */
  readonly locks = {
    request: (_name: string, _options: object, callback: () => Promise<void> | undefined) =>
      new Promise<void>((resolve) => {
        const hold = (): void =>
          void Promise.resolve(callback())
            .then(resolve)
            .then(() => this.pass());
        if (this.#line.push(hold) === 1) hold();
      }),
  } as unknown as LockManager;

  channel(): TabChannel {
    const tab = new TabChannel(this.#tabs);
    this.#tabs.add(tab);
    return tab;
  }

  /** The holder is gone: to the next one. */
  pass(): void {
    this.#line.shift();
    this.#line[0]?.();
  }
}

class TabChannel {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  readonly #tabs: Set<TabChannel>;
  #waiting: unknown[] = [];

  constructor(tabs: Set<TabChannel>) {
    this.#tabs = tabs;
  }
  postMessage(data: unknown): void {
    for (const tab of this.#tabs) if (tab !== this) tab.#waiting.push(structuredClone(data));
  }
  /** This tab's turn. */
  hear(): void {
    for (const data of this.#waiting.splice(0)) this.onmessage?.({ data });
  }
  close(): void {
    this.#tabs.delete(this);
  }
}

let server: ScriptedServer;
let clock: FakeClock;
let browser: Browser;
const tabs: { client: ChatClientImplementation; environment: TestEnvironment; channel: TabChannel }[] = [];

beforeEach(async () => {
  server = await ScriptedServer.open();
  clock = new FakeClock();
  browser = new Browser();
});
afterEach(async () => {
  for (const { client, environment } of tabs.splice(0)) {
    const closed = client.close();
    await clock.advanceAsync(1_000);
    await closed;
    expect(environment.timers.size).toBe(0);
  }
  await server.close();
});

/** A tab that is signed in. */
async function openTab(storage: OutboxStorage): Promise<(typeof tabs)[number]> {
  const environment = new TestEnvironment(clock, new Random(1), `tab${tabs.length}`);
  const channel = browser.channel();
  Object.assign(environment, { locks: browser.locks, channel: () => channel });
  const client = new ChatClientImplementation(
    { url: server.url, webSocket: WebSocket, userId: 1, storage },
    environment,
  );
  client.conversation(7).kind = 'group';
  const tab = { client, environment, channel };
  client.start();
  await server.greet(tabs.length);
  await client.ready();
  tabs.push(tab);
  return tab;
}

/** Shared by all tabs, and each writes only when the test lets it. */
function sharedStorage(): { storage: OutboxStorage; write: () => Promise<void> } {
  const memory = memoryStorage();
  const waiting: (() => void)[] = [];
  const put: OutboxStorage['put'] = async (send) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    await memory.put(send);
  };
  const write = async (): Promise<void> => {
    for (const resolve of waiting.splice(0)) resolve();
    await clock.advanceAsync(0);
  };
  return { storage: { ...memory, put, sharedName: 'shared' }, write };
}

/** Of the tab that sends. */
function ackAll(): void {
  let seq = 0;
  server.onFrame = (frame) => {
    if (frame.type === 'group') server.say(0, ackOf(frame, ++seq));
  };
}

const sends = (connection: number): string[] =>
  server
    .frames(connection)
    .filter((frame) => frame.type === 'group')
    .map((frame) => String(frame.msg));

describe('a tab that does not send', () => {
  it('has what it took back left unsent, although it tells of it once more when it is stored', async () => {
    ackAll();
    const { storage, write } = sharedStorage();
    const leader = await openTab(storage);
    const other = await openTab(storage);
    const handle = other.client.send(7, 'taken back');
    const back = handle.cancel();
    leader.channel.hear();
    // Before it hears of the end, it has stored the message.
    await write();
    other.channel.hear();
    expect(await back).toBe(true);
    leader.channel.hear();
    await write();
    const last = leader.client.send(7, 'last');
    await write();
    await last.settled;
    expect(sends(0)).toEqual(['last']);
  });

  it('has each message sent once, also when it is slow to hear that it is', async () => {
    ackAll();
    const { storage, write } = sharedStorage();
    const leader = await openTab(storage);
    const other = await openTab(storage);
    const handle = other.client.send(7, 'once');
    leader.channel.hear();
    const acked = new Promise<void>((resolve) => void leader.client.on('send', () => resolve()));
    await write();
    await acked;
    // What the other one has told meanwhile: that it is stored.
    leader.channel.hear();
    other.channel.hear();
    expect(await handle.settled).toMatchObject({ ok: true, seq: 1 });
    const last = leader.client.send(7, 'last');
    await write();
    await last.settled;
    expect(sends(0)).toEqual(['once', 'last']);
  });

  it('takes nothing back, once it sends itself, that the tab before it may have sent', async () => {
    const { storage, write } = sharedStorage();
    const leader = await openTab(storage);
    const other = await openTab(storage);
    const [sent, waits] = [other.client.send(7, 'on its way'), other.client.send(7, 'behind it')];
    leader.channel.hear();
    await write();
    await server.frame(0, 'group');
    other.channel.hear();
    // The tab that sends is gone before the ack has come, and this one has no connection just then.
    server.hangUp(1, 4002);
    while (other.client.state.status !== 'disconnected') await clock.advanceAsync(0);
    leader.environment.kill();
    browser.pass();
    await clock.advanceAsync(0);
    expect(await sent.cancel()).toBe(false);
    expect(await waits.cancel()).toBe(true);
  });
});
