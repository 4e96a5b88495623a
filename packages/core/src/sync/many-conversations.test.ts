import { expect, it } from 'vitest';
import { LoneNode } from '../testing/lone-node.ts';

const CONVERSATIONS = 5_000;
/** Of frames, far below what a socket may hold back. */
const AT_ONCE = 300_000;

it.each(['nothing', 'a message of each'])(
  'G8: the answers to a hello leave as the socket takes them, however many conversations there are (missed: %s)',
  async (missed) => {
    const lone = new LoneNode({ settings: { backlogPageRows: 256 } });
    await lone.node.start();
    const { messages } = lone.stores;
    const ids: number[] = [];
    for (let other = 2; other < 2 + CONVERSATIONS; other++) ids.push(await lone.openPersonal(1, other));
    const sentAtUs = lone.clock.nowUs();
    for (const [at, conversationId] of missed === 'nothing' ? [] : ids.entries()) {
      const row = { conversationId, kind: 'personal', senderId: 2 + at, recipientId: 1, membersVersion: 1 } as const;
      await messages.append([{ ...row, clientId: 'c', body: 'hi', sentAtUs }]);
    }
    const device = lone.connect();
    device.onFrame = (text) => {
      if (text.includes('"welcome"')) device.stalled = true;
    };
    device.say({ type: 'hello', v: 2, user_id: 1, status_of: [] });
    const told = () => device.frames.map((text) => (JSON.parse(text) as { type: string }).type);
    let parts = 0;
    for (; !told().includes('sync_complete') && parts < 100; parts++) {
      await lone.clock.settle();
      expect(device.buffered).toBeLessThan(AT_ONCE);
      device.drain();
    }
    expect(parts).toBeGreaterThan(2);
    const news = missed === 'nothing' ? 0 : CONVERSATIONS;
    expect(told().filter((type) => type === 'personal')).toHaveLength(news);
    expect(told().filter((type) => type === 'synced')).toHaveLength(CONVERSATIONS);
    expect(told().at(-1)).toBe('sync_complete');
    await lone.node.stop();
  },
);

it('G8: so do those to ten thousand cursors that mean nothing here', async () => {
  const lone = new LoneNode();
  await lone.node.start();
  const device = lone.connect();
  device.onFrame = (text) => {
    if (text.includes('"welcome"')) device.stalled = true;
  };
  const cursors = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [at + 1, 1]));
  device.say({ type: 'hello', v: 2, user_id: 1, cursors });
  const resets = () => device.frames.filter((text) => text.includes('"reset"')).length;
  for (let before = -1; resets() > before; ) {
    before = resets();
    await lone.clock.settle();
    expect(device.buffered).toBeLessThan(AT_ONCE);
    device.drain();
  }
  expect(resets()).toBe(10_000);
  expect(device.frames.at(-1)).toBe('{"type":"sync_complete","conversations":10000}');
  await lone.node.stop();
});
