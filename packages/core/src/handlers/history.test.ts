import { describe, expect, it } from 'vitest';
import type { Told } from '../testing/current-peer.ts';
import { groupRoom } from '../testing/group-room.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });
const seqs = (page: Told) => (page.messages as { seq: number }[]).map(({ seq }) => seq);

describe('history', () => {
  it('gives pages in seq order: the newest, below, above, and says whether there is more', async () => {
    const { lone, member, conv_id, say } = await groupRoom();
    const ask = (fields: object) => member.ask({ type: 'history', conv_id, ...fields });
    expect(await ask({})).toEqual({ type: 'history', conv_id, messages: [], more: false });
    await say(...Array.from({ length: 120 }, (_, i) => `m${i + 1}`));
    const newest = await ask({});
    expect([seqs(newest)[0], seqs(newest).at(-1), newest.more]).toEqual([71, 120, true]);
    const all = await ask({ limit: 200 });
    expect([seqs(all), all.more]).toEqual([Array.from({ length: 120 }, (_, i) => i + 1), false]);
    const below = await ask({ before: 4, limit: 2 });
    expect([seqs(below), below.more]).toEqual([[2, 3], true]);
    const lowest = await ask({ before: 3, limit: 2 });
    expect([seqs(lowest), lowest.more]).toEqual([[1, 2], false]);
    const above = await ask({ after: 116, limit: 2 });
    expect([seqs(above), above.more]).toEqual([[117, 118], true]);
    const top = await ask({ after: 118, limit: 2 });
    expect([seqs(top), top.more]).toEqual([[119, 120], false]);
    for (const beyond of [{ after: 120 }, { after: 9_999 }, { before: 1 }]) {
      expect(await ask(beyond)).toEqual({ type: 'history', conv_id, messages: [], more: false });
    }
    expect(seqs(await ask({ before: 9_999, limit: 1 }))).toEqual([120]);
    expect(await ask({ before: 3, after: 1 })).toEqual(error('invalid_frame'));
    await lone.node.stop();
  });

  it('shows each message and event exactly as it came live', async () => {
    const { lone, owner, member, conv_id, say } = await groupRoom();
    await say('hello');
    await owner.ask({ type: 'group_rename', conv_id, group_name: 'h' });
    const page = await member.ask({ type: 'history', conv_id });
    expect(page.messages).toEqual(member.told('group', 'event'));
    await lone.node.stop();
  });

  it('G7: is for members only, from where they joined to where they left', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await groupRoom();
    await say('1');
    expect(await stranger.ask({ type: 'history', conv_id })).toEqual(error('not_a_member'));
    expect(await stranger.ask({ type: 'history', conv_id: 99 })).toEqual(error('not_a_member'));
    await owner.ask({ type: 'group_add', conv_id, user_id: [3] });
    await say('3');
    await owner.ask({ type: 'group_remove', conv_id, user_id: 3 });
    await say('5');
    for (const fields of [{}, { after: 0 }, { before: 100 }]) {
      const page = await stranger.ask({ type: 'history', conv_id, ...fields });
      expect([seqs(page), page.more]).toEqual([[2, 3, 4], false]);
    }
    expect(seqs(await stranger.ask({ type: 'history', conv_id, after: 4 }))).toEqual([]);
    expect(seqs(await stranger.ask({ type: 'history', conv_id, before: 2 }))).toEqual([]);
    expect(seqs(await member.ask({ type: 'history', conv_id }))).toEqual([1, 2, 3, 4, 5]);
    await lone.node.stop();
  });

  it('G8: an answer stays small when bodies are large, and goes on where it ended', async () => {
    const { lone, owner, member, conv_id, say } = await groupRoom();
    const large = '\u0001'.repeat(20_000);
    await say(...Array.from({ length: 12 }, () => large), 'small');
    const down: number[] = [];
    for (let before = 99, more = true; more; ) {
      const ref = member.say({ type: 'history', conv_id, before, limit: 200 });
      await lone.clock.settle();
      const page = member.answer(ref);
      expect((member.connection.frames.at(-1) ?? '').length).toBeLessThan(300_000);
      down.unshift(...seqs(page));
      before = down[0] as number;
      more = page.more === true;
    }
    expect(down).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    const up: number[] = [];
    for (let after = 0, more = true; more; ) {
      const page = await owner.ask({ type: 'history', conv_id, after, limit: 200 });
      up.push(...seqs(page));
      after = up.at(-1) as number;
      more = page.more === true;
    }
    expect(up).toEqual(down);
    await lone.node.stop();
  });

  it('G8: a message that is too large for any page comes alone', async () => {
    const { lone, member, conv_id, say } = await groupRoom();
    await say('small', '\u0001'.repeat(60_000), 'small');
    const pages: number[][] = [];
    for (let before = 99, more = true; more; ) {
      const page = await member.ask({ type: 'history', conv_id, before });
      pages.push(seqs(page));
      before = seqs(page)[0] as number;
      more = page.more === true;
    }
    expect(pages).toEqual([[3], [2], [1]]);
    await lone.node.stop();
  });

  it('G8: a session reads four at a time, and nothing once it has gone', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const open: (() => void)[] = [];
    const { lone, member, conv_id } = await groupRoom({
      faults: ({ reader }) => ({
        reader: {
          members: async (...asked) => {
            calls++;
            most = Math.max(most, ++running);
            await new Promise<void>((resolve) => open.push(resolve));
            running--;
            return reader.members(...asked);
          },
        },
      }),
    });
    for (let i = 0; i < 10; i++) member.say({ type: 'members', conv_id });
    await lone.clock.settle();
    expect([calls, most]).toEqual([4, 4]);
    open.shift()?.();
    await lone.clock.settle();
    expect([calls, most]).toEqual([5, 4]);
    member.connection.hangUp();
    for (const end of open.splice(0)) end();
    await lone.clock.settle();
    expect([calls, running]).toEqual([5, 0]);
    await lone.node.stop();
  });
});
