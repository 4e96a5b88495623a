import { describe, expect, it } from 'vitest';
import type { GroupChange, GroupStore } from '../ports/group-store.ts';
import { StoreError } from '../ports/message-store.ts';
import { CurrentPeer, type Told } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });
const ack = (seq: number) => expect.objectContaining({ type: 'ack', seq });

/** One node on which the users are connected with a current client each, and a group of all but the last of them, owned by the first. */
async function group(users: number, options: ConstructorParameters<typeof LoneNode>[0] = {}) {
  const lone = new LoneNode(options);
  await lone.node.start();
  const peers: CurrentPeer[] = [];
  for (let id = 1; id <= users; id++) peers.push(await CurrentPeer.signIn(lone, id));
  const member = peers.slice(0, -1).map(({ userId }) => userId);
  const ready = await (peers[0] as CurrentPeer).ask({ type: 'init_group', member, group_name: 'g' });
  return { lone, peers: peers as [CurrentPeer, CurrentPeer, CurrentPeer], conv_id: Number(ready.conv_id) };
}

/** What a peer was told of a conversation's course, as `seq kind` or `seq body`. */
function course(peer: CurrentPeer): string[] {
  const said = (frame: Told) => (frame.type === 'event' ? (frame.event as { kind: string }).kind : String(frame.msg));
  return peer.told('group', 'event').map((frame) => `${frame.seq} ${said(frame)}`);
}

describe('changes of a group', () => {
  it('G7: are numbered events in the order of the messages, told to all members, and end and begin what one sees', async () => {
    const { lone, peers, conv_id } = await group(3);
    const [owner, member, late] = peers;
    const say = (msg: string) => owner.ask({ type: 'group', conv_id, msg });
    await say('before');
    expect(await owner.ask({ type: 'group_add', conv_id, user_id: [3, 2] })).toEqual(ack(2));
    await lone.clock.advanceAsync(100);
    await say('both');
    expect(await owner.ask({ type: 'group_remove', conv_id, user_id: 2 })).toEqual(ack(4));
    await say('one');
    expect(await late.ask({ type: 'group_leave', conv_id })).toEqual(ack(6));
    await say('none');
    expect(course(member)).toEqual(['1 before', '2 added', '3 both', '4 removed']);
    expect(course(late)).toEqual(['2 added', '3 both', '4 removed', '5 one', '6 left']);
    // The owner's own messages are acknowledged and not echoed; events are told to whoever caused them too.
    expect(course(owner)).toEqual(['2 added', '4 removed', '6 left']);
    expect(owner.told('event')[0]).toMatchObject({ sender_id: 1, event: { kind: 'added', user_id: [3] } });
    expect(await member.ask({ type: 'group', conv_id, msg: 'x' })).toEqual(error('not_a_member'));
    await lone.node.stop();
  });

  it('G7: are events for one who connects later too', async () => {
    const { lone, peers, conv_id } = await group(3);
    const [owner] = peers;
    await owner.ask({ type: 'group_rename', conv_id, group_name: 'h' });
    await owner.ask({ type: 'group_describe', conv_id, description: 'about' });
    await owner.ask({ type: 'group_role', conv_id, user_id: 2, role: 'admin' });
    await owner.ask({ type: 'group_transfer', conv_id, user_id: 2 });
    const device = await CurrentPeer.signIn(lone, 2, { cursors: { [conv_id]: 0 } });
    expect(device.told('event').map(({ event }) => event)).toEqual([
      { kind: 'renamed', group_name: 'h' },
      { kind: 'described', description: 'about' },
      { kind: 'role', user_id: 2, role: 'admin' },
      { kind: 'transferred', user_id: 2, from: 1 },
    ]);
    await lone.node.stop();
  });

  it('G4: introduce a group that its members have not heard of, as its first message does', async () => {
    const { lone, peers } = await group(3);
    const [owner, member] = peers;
    const created = { creatorId: 1, memberIds: [1, 2], name: 'n', description: '' };
    const unheard = await lone.stores.conversations.createGroup(created);
    const conv_id = unheard.ok ? unheard.conversationId : 0;
    expect(await owner.ask({ type: 'group_rename', conv_id, group_name: 'h' })).toEqual(ack(1));
    expect(course(member)).toEqual(['1 renamed']);
    await lone.node.stop();
  });

  it('are allowed by role, and refused with a reason', async () => {
    const { lone, peers, conv_id } = await group(3);
    const [owner, member, stranger] = peers;
    const ask = (peer: CurrentPeer, frame: object) => peer.ask({ conv_id, ...frame });
    expect(await ask(member, { type: 'group_rename', group_name: 'h' })).toEqual(error('not_allowed'));
    expect(await ask(stranger, { type: 'group_rename', group_name: 'h' })).toEqual(error('not_a_member'));
    expect(await ask(owner, { type: 'group_rename', group_name: 'g' })).toEqual(error('no_change'));
    expect(await ask(owner, { type: 'group_leave' })).toEqual(error('last_owner'));
    expect(await ask(owner, { type: 'group_leave', conv_id: 99 })).toEqual(error('not_a_member'));
    const personal = await lone.openPersonal(1, 2);
    expect(await ask(owner, { type: 'group_rename', group_name: 'h', conv_id: personal })).toEqual(
      error('wrong_conversation_type'),
    );
    await lone.node.stop();
  });

  it.each([true, false])('add users that nobody knows only in development (%s)', async (createUnknownMembers) => {
    const { lone, peers, conv_id } = await group(2, { settings: { createUnknownMembers } });
    const answer = await peers[0].ask({ type: 'group_add', conv_id, user_id: [2, 70] });
    if (createUnknownMembers) expect(answer).toEqual(ack(1));
    else
      expect(answer).toMatchObject({
        type: 'error',
        name: 'unknown_member',
        message: expect.stringMatching(/: 70\.$/),
      });
    await lone.node.stop();
  });

  it('of one session follow each other also when an addition makes its users first', async () => {
    const { lone, peers, conv_id } = await group(3, {
      faults: ({ conversations }) => ({
        conversations: {
          ensureUsers: async (userIds) => {
            if (userIds.includes(9)) await new Promise<void>((resolve) => void lone.clock.after(100, resolve));
            return conversations.ensureUsers(userIds);
          },
        },
      }),
    });
    const refs = ['group_add', 'group_remove'].map((type) =>
      peers[0].say({ type, conv_id, user_id: type === 'group_add' ? [9] : 9 }),
    );
    await lone.clock.advanceAsync(1_000);
    expect(refs.map((ref) => peers[0].answer(ref))).toEqual([ack(1), ack(2)]);
    await lone.node.stop();
  });

  it('of one session follow each other as they were sent', async () => {
    const { lone, peers, conv_id } = await group(2);
    const names = Array.from({ length: 20 }, (_, i) => `name ${i}`);
    for (const group_name of names) peers[0].say({ type: 'group_rename', conv_id, group_name });
    await lone.clock.settle();
    expect(peers[0].told('event').map(({ event }) => (event as { group_name: string }).group_name)).toEqual(names);
    await lone.node.stop();
  });
});

describe('a repeated change of a group (G3)', () => {
  it('G3: has the first answer, makes no second event, and is refused when it asks for something else', async () => {
    const { lone, peers, conv_id } = await group(3);
    const [owner, member] = peers;
    const add = { type: 'group_add', conv_id, user_id: [3], client_id: 'a' };
    const first = await owner.ask(add);
    await owner.ask({ type: 'group', conv_id, msg: 'x' });
    lone.clock.advance(1_000);
    expect(await owner.ask(add)).toEqual({ ...first, duplicate: true });
    expect(await owner.ask({ ...add, user_id: [2] })).toEqual(error('client_id_conflict'));
    expect(await owner.ask({ type: 'group_leave', conv_id, client_id: 'a' })).toEqual(error('client_id_conflict'));
    expect(course(member)).toEqual(['1 added', '2 x']);
    await lone.node.stop();
  });

  it('G3: leaving twice is leaving once, not a refusal', async () => {
    const { lone, peers, conv_id } = await group(3);
    const leave = { type: 'group_leave', conv_id, client_id: 'l' };
    const first = await peers[1].ask(leave);
    expect(first).toEqual(ack(1));
    expect(await peers[1].ask(leave)).toEqual({ ...first, duplicate: true });
    expect(await peers[1].ask({ ...leave, client_id: 'm' })).toEqual(error('not_a_member'));
    await lone.node.stop();
  });
});

describe('a store in trouble', () => {
  type Step = 'fails' | 'fatal' | 'committed, unknown' | 'lost, unknown' | 'bug';

  /** The change goes as the steps say, then as it should. */
  async function troubled(steps: Step[]) {
    const calls: GroupChange[] = [];
    const change =
      (real: GroupStore): GroupStore['change'] =>
      async (asked) => {
        calls.push(asked);
        const step = steps.shift();
        if (step === 'bug') throw new TypeError('a bug');
        if (step === 'fails' || step === 'fatal')
          throw new StoreError('deadlock', { outcome: 'not_committed', retryable: step === 'fails' });
        if (step === undefined) return real.change(asked);
        if (step === 'committed, unknown') await real.change(asked);
        throw new StoreError('connection lost', { outcome: 'unknown', retryable: true });
      };
    const bench = await group(3, { faults: ({ groups }) => ({ groups: { change: change(groups) } }) });
    return { ...bench, calls };
  }

  const rename = (conv_id: number) => ({ type: 'group_rename', conv_id, group_name: 'h', client_id: 'r' });

  it('G1: the same call is made again until it is committed, once', async () => {
    const { lone, peers, conv_id, calls } = await troubled(['fails', 'committed, unknown', 'fails', 'lost, unknown']);
    const ref = peers[0].say(rename(conv_id));
    await lone.clock.advanceAsync(5_000);
    expect(peers[0].answer(ref)).toEqual(ack(1));
    // Its own commit is no repeat.
    expect(peers[0].answer(ref)).not.toHaveProperty('duplicate');
    expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(1);
    expect(calls).toHaveLength(5);
    expect(course(peers[1])).toEqual(['1 renamed']);
    await lone.node.stop();
  });

  it('a change that was never committed is refused in time, and those behind it are not tried for as long each', async () => {
    const steps = new Array<Step>(1_000).fill('fails');
    const { lone, peers, conv_id, calls } = await troubled(steps);
    const refs = [1, 2, 3].map(() => peers[0].say({ ...rename(conv_id), client_id: `r${calls.length}` }));
    await lone.clock.advanceAsync(29_000);
    expect(peers[0].told('error')).toEqual([]);
    await lone.clock.advanceAsync(1_500);
    for (const ref of refs) expect(peers[0].answer(ref)).toEqual(error('store_unavailable'));
    expect(calls.length).toBeLessThan(100);
    steps.length = 0;
    expect(await peers[0].ask({ ...rename(conv_id), client_id: 'later' })).toEqual(ack(1));
    await lone.node.stop();
  });

  it('a change whose time has passed while it waited behind a store that hangs is not begun', async () => {
    const calls: string[] = [];
    const { lone, peers, conv_id } = await group(3, {
      faults: () => ({
        groups: {
          change: async ({ clientId }) => {
            calls.push(clientId);
            await new Promise<void>((resolve) => void lone.clock.after(12_000, resolve));
            throw new StoreError('timeout', { outcome: 'not_committed', retryable: true });
          },
        },
      }),
    });
    const refs = ['a', 'b', 'c'].map((client_id) => peers[0].say({ ...rename(conv_id), client_id }));
    await lone.clock.advanceAsync(37_000);
    for (const ref of refs) expect(peers[0].answer(ref)).toEqual(error('store_unavailable'));
    expect(calls).toEqual(['a', 'a', 'a']);
    await lone.node.stop();
  });

  it('a call that can never succeed is refused at once', async () => {
    const { lone, peers, conv_id, calls } = await troubled(['fatal']);
    expect(await peers[0].ask(rename(conv_id))).toEqual(error('internal'));
    expect(calls).toHaveLength(1);
    await lone.node.stop();
  });

  it.each<Step>(['lost, unknown', 'committed, unknown', 'bug'])(
    'G1: without an answer of the store there is none for the client: the connection ends (%s)',
    async (step) => {
      const { lone, peers, conv_id } = await troubled(step === 'bug' ? [step] : [step, 'fatal']);
      const ref = peers[0].say(rename(conv_id));
      await lone.clock.advanceAsync(100);
      expect(peers[0].connection.closed?.code).toBe(4003);
      expect(() => peers[0].answer(ref)).toThrow('0 answers');
      // The others hear of it all the same (G4), and the client learns it by asking again (G3).
      await lone.clock.advanceAsync(5_000);
      expect(course(peers[1])).toEqual(step === 'committed, unknown' ? ['1 renamed'] : []);
      const again = await CurrentPeer.signIn(lone, 1);
      expect(await again.ask(rename(conv_id))).toEqual(ack(1));
      expect(course(peers[1])).toEqual(['1 renamed']);
      await lone.node.stop();
    },
  );
});
