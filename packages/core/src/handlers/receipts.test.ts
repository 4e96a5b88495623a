import { describe, expect, it } from 'vitest';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { groupRoom } from '../testing/group-room.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });

describe('receipts by seq', () => {
  it('G6: move only what this device was sent, of conversations of the user', async () => {
    const { lone, owner, member, stranger, conv_id, say } = await groupRoom();
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
    const { lone, owner, member, conv_id, say } = await groupRoom({ settings: { backlogPageRows: 2 } });
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

  it('G4 G6: by ids, too, claim no more of a group than was sent: what lies between is not skipped', async () => {
    const { lone, owner, member, conv_id } = await groupRoom({ settings: { backlogPageRows: 2 } });
    member.connection.hangUp();
    const ids: unknown[] = [];
    for (const msg of ['1', '2', '3', '4', '5'])
      ids.push((await owner.ask({ type: 'group', conv_id, msg })).message_id);
    const device = lone.connect();
    device.stalled = true;
    device.say({ type: 'hello', v: 2, user_id: 2 });
    await lone.clock.settle();
    // It knows this one from its history.
    device.say({ type: 'seen', message_id: [ids[4]] });
    await lone.clock.advanceAsync(5_000);
    const { members } = await owner.ask({ type: 'members', conv_id });
    expect((members as Told[])[1]).toMatchObject({ delivered_seq: 2, seen_seq: 2 });
    device.hangUp();
    const again = await CurrentPeer.signIn(lone, 2);
    expect(again.told('group').map(({ seq }) => seq)).toEqual([3, 4, 5]);
    await lone.node.stop();
  });

  it('G6: right behind a hello without cursors reach what was delivered to the user before, and no further', async () => {
    const { lone, owner, member, conv_id, say } = await groupRoom();
    await say('one', 'two', 'three');
    await member.ask({ type: 'delivered', conv_id, seq: 2 });
    await lone.clock.advanceAsync(5_000);
    member.connection.hangUp();
    const device = lone.connect();
    device.say({ type: 'hello', v: 2, user_id: 2 });
    device.say({ type: 'seen', conv_id, seq: 3, ref: 1 });
    await lone.clock.advanceAsync(5_000);
    const { members } = await owner.ask({ type: 'members', conv_id });
    expect((members as Told[])[1]).toMatchObject({ delivered_seq: 2, seen_seq: 2 });
    await lone.node.stop();
  });

  it('L7: seen by ids marks exactly those, as ever', async () => {
    const { lone, owner, member, stranger } = await groupRoom();
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
    const { lone, member, conv_id, say } = await groupRoom();
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
