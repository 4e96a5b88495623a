import { describe, expect, it } from 'vitest';
import type { Told } from '../testing/current-peer.ts';
import { groupRoom } from '../testing/group-room.ts';

describe('conversations', () => {
  it('tells what a list of conversations needs, in pages by id', async () => {
    const { lone, owner, member, conv_id, say } = await groupRoom();
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
    const { lone, owner, member, conv_id, say } = await groupRoom();
    await say('one');
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    await say('secret');
    const page = await member.ask({ type: 'conversations' });
    expect(page.conversations).toMatchObject([{ conv_id, left: true, seq: 2, last: { type: 'event', seq: 2 } }]);
    expect(JSON.stringify(page)).not.toContain('secret');
    await lone.node.stop();
  });

  it.each([
    { of: 'the last messages', groups: 12, group: {}, msg: 'x'.repeat(60_000) },
    // Whoever makes a group chooses them, for all whom it names.
    { of: 'the descriptions', groups: 60, group: { description: '\u0001'.repeat(4_096) }, msg: 'x' },
  ])('G8: a page ends early when $of are large', async ({ groups, group, msg }) => {
    const { lone, owner } = await groupRoom();
    const ids: number[] = [];
    for (let i = 0; i < groups; i++) {
      const { conv_id } = await owner.ask({ type: 'init_group', member: [1], group_name: `g${i}`, ...group });
      await owner.ask({ type: 'group', conv_id, msg });
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
