import { describe, expect, it } from 'vitest';
import type { CurrentPeer } from '../testing/current-peer.ts';
import { groupRoom } from '../testing/group-room.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });

describe('members', () => {
  it('lists the present members in pages, for present members', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await groupRoom();
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
    const { lone, owner, member, stranger, conv_id } = await groupRoom();
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
