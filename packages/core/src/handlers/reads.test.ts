import { describe, expect, it } from 'vitest';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });
const seqs = (page: Told) => (page.messages as { seq: number }[]).map(({ seq }) => seq);

async function room(options: ConstructorParameters<typeof LoneNode>[0] = {}) {
  const lone = new LoneNode(options);
  await lone.node.start();
  const peers: CurrentPeer[] = [];
  for (let id = 1; id <= 3; id++) peers.push(await CurrentPeer.signIn(lone, id));
  const [owner, member, stranger] = peers as [CurrentPeer, CurrentPeer, CurrentPeer];
  const ready = await owner.ask({ type: 'init_group', member: [1, 2], group_name: 'g', description: 'd' });
  const conv_id = Number(ready.conv_id);
  const say = async (...bodies: string[]) => {
    for (const msg of bodies) await owner.ask({ type: 'group', conv_id, msg });
  };
  return { lone, owner, member, stranger, conv_id, say };
}

describe('history', () => {
  it('gives pages in seq order: the newest, below, above, and says whether there is more', async () => {
    const { lone, member, conv_id, say } = await room();
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
    const { lone, owner, member, conv_id, say } = await room();
    await say('hello');
    await owner.ask({ type: 'group_rename', conv_id, group_name: 'h' });
    const page = await member.ask({ type: 'history', conv_id });
    expect(page.messages).toEqual(member.told('group', 'event'));
    await lone.node.stop();
  });

  it('G7: is for members only, from where they joined to where they left', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await room();
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
    const { lone, owner, member, conv_id, say } = await room();
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
    const { lone, member, conv_id, say } = await room();
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
    const { lone, member, conv_id } = await room({
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

describe('conversations', () => {
  it('tells what a list of conversations needs, in pages by id', async () => {
    const { lone, owner, member, conv_id, say } = await room();
    const personal = await lone.openPersonal(2, 3);
    await say('one', 'two');
    await member.ask({ type: 'seen', conv_id, seq: 1 });
    await lone.clock.advanceAsync(5_000);
    await member.ask({ type: 'block', user_id: 3 });
    const page = await member.ask({ type: 'conversations' });
    expect(page).toMatchObject({ type: 'conversations', next: null });
    const last = owner.told('group').at(-1) ?? member.told('group').at(-1);
    expect(page.conversations).toEqual([
      {
        conv_id,
        kind: 'group',
        group_name: 'g',
        description: 'd',
        members: 2,
        role: 'member',
        seq: 2,
        first_seq: 1,
        unread: 1,
        delivered_seq: 1,
        seen_seq: 1,
        history: false,
        last,
        left: false,
      },
      {
        conv_id: personal,
        kind: 'personal',
        peer: { user_id: 3, name: 'User 3', blocked: true },
        members: 2,
        role: 'member',
        seq: 0,
        first_seq: 1,
        unread: 0,
        delivered_seq: 0,
        seen_seq: 0,
        history: false,
        last: null,
        left: false,
      },
    ]);
    const ids = (answer: Told) => (answer.conversations as { conv_id: number }[]).map((summary) => summary.conv_id);
    const first = await member.ask({ type: 'conversations', limit: 1 });
    expect([ids(first), first.next]).toEqual([[conv_id], conv_id]);
    const second = await member.ask({ type: 'conversations', limit: 1, after: conv_id });
    expect([ids(second), second.next]).toEqual([[personal], personal]);
    const end = await member.ask({ type: 'conversations', limit: 1, after: personal });
    expect([ids(end), end.next]).toEqual([[], null]);
    expect(ids(await member.ask({ type: 'conversations', conv_id: [personal, 99, conv_id, personal] }))).toEqual([
      conv_id,
      personal,
    ]);
    // Whoever has blocked is not told to the other, and others' conversations are nobody's business.
    expect(JSON.stringify(await owner.ask({ type: 'conversations', conv_id: [personal] }))).toBe(
      '{"type":"conversations","conversations":[],"next":null}',
    );
    await lone.node.stop();
  });

  it('G7: a conversation that was left ends where it was left', async () => {
    const { lone, owner, member, conv_id, say } = await room();
    await say('one');
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    await say('secret');
    const page = await member.ask({ type: 'conversations' });
    expect(page.conversations).toMatchObject([{ conv_id, left: true, seq: 2, last: { type: 'event', seq: 2 } }]);
    expect(JSON.stringify(page)).not.toContain('secret');
    await lone.node.stop();
  });

  it('G8: a page ends early when the last messages are large', async () => {
    const { lone, owner } = await room();
    const large = 'x'.repeat(60_000);
    const ids: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { conv_id } = await owner.ask({ type: 'init_group', member: [1], group_name: `g${i}` });
      await owner.ask({ type: 'group', conv_id, msg: large });
      ids.push(Number(conv_id));
    }
    for (const named of [undefined, ids]) {
      const seen: number[] = [];
      for (let after: number | null = (ids[0] as number) - 1, pages = 0; after !== null; pages++) {
        const from: number = after;
        const rest = named?.filter((id) => id > from);
        const page: Told = await owner.ask({
          type: 'conversations',
          ...(rest === undefined ? { after } : { conv_id: rest }),
        });
        expect(JSON.stringify(page).length).toBeLessThan(300_000);
        seen.push(...(page.conversations as { conv_id: number }[]).map(({ conv_id }) => conv_id));
        after = page.next as number | null;
        expect(pages).toBeLessThan(12);
      }
      expect(seen).toEqual(ids);
    }
    await lone.node.stop();
  });
});

describe('members', () => {
  it('lists the present members in pages, for present members', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await room();
    await say('one');
    await member.ask({ type: 'delivered', conv_id, seq: 1 });
    await lone.clock.advanceAsync(5_000);
    expect(await owner.ask({ type: 'members', conv_id })).toEqual({
      type: 'members',
      conv_id,
      members: [
        { user_id: 1, name: 'User 1', role: 'owner', delivered_seq: 0, seen_seq: 0 },
        { user_id: 2, name: 'User 2', role: 'member', delivered_seq: 1, seen_seq: 0 },
      ],
      next: null,
    });
    const first = await owner.ask({ type: 'members', conv_id, limit: 1 });
    expect(first).toMatchObject({ members: [{ user_id: 1 }], next: 1 });
    expect(await owner.ask({ type: 'members', conv_id, limit: 2, after: 1 })).toMatchObject({
      members: [{ user_id: 2 }],
      next: null,
    });
    expect(await stranger.ask({ type: 'members', conv_id })).toEqual(error('not_a_member'));
    await member.ask({ type: 'group_leave', conv_id });
    expect(await member.ask({ type: 'members', conv_id })).toEqual(error('not_a_member'));
    expect(await owner.ask({ type: 'members', conv_id })).toMatchObject({ members: [{ user_id: 1 }] });
    await lone.node.stop();
  });
});

describe('message_status', () => {
  it('G6: says who has a message and who saw it, to members that can see it', async () => {
    const { lone, owner, member, stranger, conv_id } = await room();
    const { message_id } = await owner.ask({ type: 'group', conv_id, msg: 'x' });
    const ask = (peer: CurrentPeer) => peer.ask({ type: 'message_status', message_id });
    const report = { type: 'message_status', message_id, conv_id, seq: 1 };
    const nothing = { delivered_at: null, seen_at: null };
    expect(await ask(owner)).toEqual({ ...report, users: [{ user_id: 2, status: 'sent', ...nothing }] });
    await member.ask({ type: 'seen', conv_id, seq: 1 });
    await lone.clock.advanceAsync(5_000);
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    for (const peer of [owner, member]) {
      expect(await ask(peer)).toEqual({
        ...report,
        users: [{ user_id: 2, status: 'seen', delivered_at: at, seen_at: at }],
      });
    }
    expect(await ask(stranger)).toEqual(error('unknown_message'));
    expect(await owner.ask({ type: 'message_status', message_id: 999 })).toEqual(error('unknown_message'));
    // Who joins later cannot see it; who leaves learns nothing new of it.
    await owner.ask({ type: 'group_add', conv_id, user_id: [3] });
    expect(await ask(stranger)).toEqual(error('unknown_message'));
    await member.ask({ type: 'group_leave', conv_id });
    expect(await ask(member)).toEqual(error('not_a_member'));
    const later = await owner.ask({ type: 'group', conv_id, msg: 'y' });
    expect(await member.ask({ type: 'message_status', message_id: later.message_id })).toEqual(
      error('unknown_message'),
    );
    await lone.node.stop();
  });
});

describe('receipts by seq', () => {
  it('G6: move only what this device was sent, of conversations of the user', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await room();
    const cursors = async () => {
      await lone.clock.advanceAsync(5_000);
      const { members } = await owner.ask({ type: 'members', conv_id });
      const { delivered_seq, seen_seq } = (members as Told[])[1] as Told;
      return [delivered_seq, seen_seq];
    };
    await say('one', 'two');
    const ok = { type: 'ok' };
    expect(await member.ask({ type: 'delivered', conv_id, seq: 1 })).toEqual(ok);
    expect(await cursors()).toEqual([1, 0]);
    expect(await member.ask({ type: 'delivered', conv_id, seq: 9_000 })).toEqual(ok);
    expect(await cursors()).toEqual([2, 0]);
    expect(await member.ask({ type: 'seen', conv_id, seq: 1 })).toEqual(ok);
    expect(await cursors()).toEqual([2, 1]);
    expect(await member.ask({ type: 'seen', conv_id, seq: 9_000 })).toEqual(ok);
    expect(await cursors()).toEqual([2, 2]);
    await say('three');
    // An older one changes nothing, seen implies delivered.
    await member.ask({ type: 'seen', conv_id, seq: 1 });
    expect(await cursors()).toEqual([2, 2]);
    await member.ask({ type: 'seen', conv_id, seq: 3 });
    expect(await cursors()).toEqual([3, 3]);
    for (const type of ['delivered', 'seen']) {
      expect(await stranger.ask({ type, conv_id, seq: 1 })).toEqual(error('not_a_member'));
      expect(await stranger.ask({ type, conv_id: 99, seq: 1 })).toEqual(error('not_a_member'));
    }
    await lone.node.stop();
  });

  it('G6: claim no more than a socket that takes nothing was sent', async () => {
    const { lone, owner, member, conv_id, say } = await room({ settings: { backlogPageRows: 2 } });
    member.connection.hangUp();
    await say('1', '2', '3', '4', '5');
    const device = lone.connect();
    device.stalled = true;
    device.say({ type: 'hello', v: 2, user_id: 2 });
    await lone.clock.settle();
    const cursors = async () => {
      await lone.clock.advanceAsync(5_000);
      return (await owner.ask({ type: 'members', conv_id })).members as Told[];
    };
    device.say({ type: 'delivered', conv_id, seq: 5 });
    expect((await cursors())[1]).toMatchObject({ delivered_seq: 2, seen_seq: 0 });
    device.drain();
    await lone.clock.settle();
    device.say({ type: 'seen', conv_id, seq: 5 });
    expect((await cursors())[1]).toMatchObject({ delivered_seq: 4, seen_seq: 4 });
    await lone.node.stop();
  });

  it('L7: seen by ids marks exactly those, as ever', async () => {
    const { lone, owner, member, stranger } = await room();
    const { conv_id } = await owner.ask({ type: 'init_personal', member: [1, 2] });
    const ids: unknown[] = [];
    for (const msg of ['a', 'b']) ids.push((await owner.ask({ type: 'personal', conv_id, msg })).message_id);
    expect(await stranger.ask({ type: 'seen', message_id: ids })).toEqual(error('unknown_message'));
    expect(await member.ask({ type: 'seen', message_id: [ids[1]] })).toEqual({ type: 'ok' });
    await lone.clock.advanceAsync(5_000);
    const status = async (message_id: unknown) => {
      const { users } = await owner.ask({ type: 'message_status', message_id });
      return (users as { status: string }[]).map((user) => user.status);
    };
    expect(await status(ids[1])).toEqual(['seen']);
    expect(await status(ids[0])).not.toEqual(['seen']);
    await lone.node.stop();
  });

  it('is answered only when it has a ref', async () => {
    const { lone, member, conv_id, say } = await room();
    await say('one');
    const before = member.connection.frames.length;
    member.connection.say({ type: 'delivered', conv_id, seq: 1 });
    member.connection.say({ type: 'seen', conv_id, seq: 1 });
    await lone.clock.settle();
    expect(member.connection.frames).toHaveLength(before);
    member.connection.say({ type: 'delivered', conv_id: 99, seq: 1 });
    await lone.clock.settle();
    expect(member.told().at(-1)).toEqual(error('not_a_member'));
    await lone.node.stop();
  });
});
