import { describe, expect, it } from 'vitest';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });

async function started(): Promise<LoneNode> {
  const lone = new LoneNode();
  await lone.node.start();
  return lone;
}

async function groupOf(peer: CurrentPeer, member: readonly number[]): Promise<number> {
  const ready = await peer.ask({ type: 'init_group', member, group_name: 'g' });
  return Number(ready.conv_id);
}

describe('a send with a client id of its own (G3)', () => {
  it('G3: a repeat has the first answer and stores nothing', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const peer = await CurrentPeer.signIn(lone, 1);
    const send = { type: 'personal', conv_id, msg: 'once', client_id: 'c1' };
    const first = await peer.ask(send);
    expect(first).toMatchObject({ type: 'ack', conv_id, seq: 1, client_id: 'c1' });
    expect(first).not.toHaveProperty('duplicate');
    lone.clock.advance(1_000);
    expect(await peer.ask(send)).toEqual({ ...first, duplicate: true });
    expect(await peer.ask({ ...send, msg: 'other' })).toEqual(error('client_id_conflict'));
    expect(lone.stores.state.messages).toHaveLength(1);
    await lone.node.stop();
  });

  it('G3: a repeat on another session, and by another user, whose client ids are its own', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const [one, again, other] = [
      await CurrentPeer.signIn(lone, 1),
      await CurrentPeer.signIn(lone, 1),
      await CurrentPeer.signIn(lone, 2),
    ];
    const send = { type: 'personal', conv_id, msg: 'once', client_id: 'c1' };
    const first = await one.ask(send);
    expect(await again.ask(send)).toEqual({ ...first, duplicate: true });
    expect(await other.ask(send)).toMatchObject({ type: 'ack', seq: 2 });
    await lone.node.stop();
  });

  it('G3, G7: who was removed finds what it wrote before, and writes nothing more', async () => {
    const lone = await started();
    const owner = await CurrentPeer.signIn(lone, 1);
    const member = await CurrentPeer.signIn(lone, 2);
    const conv_id = await groupOf(owner, [1, 2]);
    const send = { type: 'group', conv_id, msg: 'once', client_id: 'c1' };
    const first = await member.ask(send);
    await owner.ask({ type: 'group_remove', conv_id, user_id: 2 });
    for (const peer of [member, await CurrentPeer.signIn(lone, 2)]) {
      expect(await peer.ask(send)).toEqual({ ...first, duplicate: true });
      expect(await peer.ask({ ...send, msg: 'other' })).toEqual(error('client_id_conflict'));
      expect(await peer.ask({ ...send, client_id: 'c2' })).toEqual(error('not_a_member'));
      expect(await peer.ask({ type: 'group', conv_id, msg: 'no id' })).toEqual(error('not_a_member'));
    }
    expect(lone.stores.state.messages).toHaveLength(2);
    await lone.node.stop();
  });

  it('G3, G7: also when the node has not heard of it and the store refuses the whole flush', async () => {
    const lone = await started();
    const owner = await CurrentPeer.signIn(lone, 1);
    const member = await CurrentPeer.signIn(lone, 2);
    const conv_id = await groupOf(owner, [1, 2]);
    const send = { type: 'group', conv_id, msg: 'once', client_id: 'c1' };
    const first = await member.ask(send);
    const remove = { kind: 'remove', userId: 2 } as const;
    const change = { conversationId: conv_id, actorId: 1, clientId: 'r', action: remove, atUs: lone.clock.nowUs() };
    expect((await lone.stores.groups.change(change)).kind).toBe('changed');
    const refs = [member.say(send), member.say({ ...send, client_id: 'c2' }), member.say({ ...send, msg: 'other' })];
    await lone.clock.settle();
    expect(refs.map((ref) => member.answer(ref))).toEqual([
      { ...first, duplicate: true },
      error('not_a_member'),
      error('client_id_conflict'),
    ]);
    await lone.node.stop();
  });

  it('G3: the client id of a change of the group is no message', async () => {
    const lone = await started();
    const owner = await CurrentPeer.signIn(lone, 1);
    const member = await CurrentPeer.signIn(lone, 2);
    const conv_id = await groupOf(owner, [1, 2]);
    expect(await owner.ask({ type: 'group_rename', conv_id, group_name: 'h', client_id: 'c1' })).toMatchObject({
      type: 'ack',
      seq: 1,
    });
    const send = { type: 'group', conv_id, msg: '{"kind":"renamed","group_name":"h"}', client_id: 'c1' };
    expect(await owner.ask(send)).toEqual(error('client_id_conflict'));
    expect(await member.ask({ type: 'group_leave', conv_id, client_id: 'bye' })).toMatchObject({ type: 'ack', seq: 2 });
    const left = { ...send, msg: '{"kind":"left","user_id":2}', client_id: 'bye' };
    expect(await member.ask(left)).toEqual(error('client_id_conflict'));
    await lone.node.stop();
  });

  it('G3: two sends of one client id at the same time are one message', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const peer = await CurrentPeer.signIn(lone, 1);
    const send = { type: 'personal', conv_id, msg: 'once', client_id: 'c1' };
    const refs = [peer.say(send), peer.say(send)];
    await lone.clock.settle();
    const answers = refs.map((ref) => peer.answer(ref));
    expect(answers.filter((answer) => answer.duplicate === true)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.message_id)).size).toBe(1);
    await lone.node.stop();
  });
});
