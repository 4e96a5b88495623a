import { describe, expect, it } from 'vitest';
import { StoreError } from '../ports/message-store.ts';
import { CurrentPeer } from '../testing/current-peer.ts';
import { LoneNode } from '../testing/lone-node.ts';
import { peersApart } from '../testing/peers-apart.ts';
import { testSeed } from '../testing/random.ts';

const error = (name: string) => expect.objectContaining({ type: 'error', name });

async function started(): Promise<LoneNode> {
  const lone = new LoneNode();
  await lone.node.start();
  return lone;
}

describe('a blocked sender', () => {
  it('is refused while its session runs, and finds what it wrote before (G3)', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const [blocker, blocked] = [await CurrentPeer.signIn(lone, 1), await CurrentPeer.signIn(lone, 2)];
    const send = { type: 'personal', conv_id, msg: 'before', client_id: 'c1' };
    const first = await blocked.ask(send);
    expect(await blocker.ask({ type: 'block', user_id: 2 })).toEqual({ type: 'ok' });
    // The first is refused by the store's version of the members, the second by what the node has learnt.
    for (const client_id of ['c2', 'c3']) {
      expect(await blocked.ask({ ...send, client_id })).toEqual(error('blocked'));
      expect(await blocked.ask(send)).toEqual({ ...first, duplicate: true });
      expect(await blocked.ask({ ...send, msg: 'other' })).toEqual(error('client_id_conflict'));
    }
    // The blocker goes on writing.
    expect(await blocker.ask({ type: 'personal', conv_id, msg: 'still' })).toMatchObject({ type: 'ack', seq: 2 });
    expect(await blocker.ask({ type: 'unblock', user_id: 2 })).toEqual({ type: 'ok' });
    expect(await blocked.ask({ ...send, client_id: 'c2' })).toMatchObject({ type: 'ack', seq: 3 });
    await lone.node.stop();
  });

  it('is refused from its first send on, in either protocol, and no longer than it is blocked', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const blocker = await CurrentPeer.signIn(lone, 1);
    await blocker.ask({ type: 'block', user_id: 2 });
    const current = await CurrentPeer.signIn(lone, 2);
    const legacy = await lone.signIn(2);
    const send = { type: 'personal', conv_id, msg: 'x' };
    const before = lone.telemetry.flushes;
    expect(await current.ask(send)).toEqual(error('blocked'));
    legacy.say(send);
    await lone.clock.settle();
    expect(JSON.parse(legacy.frames.at(-1) ?? '')).toMatchObject({ type: 'error', name: 'blocked' });
    expect(lone.telemetry.flushes).toBe(before);
    await blocker.ask({ type: 'unblock', user_id: 2 });
    legacy.say({ ...send, msg: 'legacy' });
    await lone.clock.settle();
    expect(legacy.frames.at(-1)).toMatch(/^\{"message_id":\d+\}$/);
    expect(await current.ask({ ...send, msg: 'current' })).toMatchObject({ type: 'ack', seq: 2 });
    await lone.node.stop();
  });

  it('G8: costs one read for each try, and none once it is welcome again', async () => {
    const calls: string[] = [];
    const lone = new LoneNode({
      faults: ({ messages, conversations }) => ({
        messages: {
          append: (rows) => {
            calls.push('append');
            return messages.append(rows);
          },
        },
        conversations: {
          membership: (...asked) => {
            calls.push('membership');
            return conversations.membership(...asked);
          },
        },
      }),
    });
    await lone.node.start();
    const conv_id = await lone.openPersonal(1, 2);
    const blocked = await CurrentPeer.signIn(lone, 2);
    const costs = async (): Promise<string[]> => {
      calls.length = 0;
      await blocked.ask({ type: 'personal', conv_id, msg: 'x' });
      return calls;
    };
    await lone.stores.conversations.setBlocked(1, 2, true);
    expect(await costs()).toEqual(['append', 'membership']);
    for (let i = 0; i < 2; i++) expect(await costs()).toEqual(['membership']);
    await lone.stores.conversations.setBlocked(1, 2, false);
    expect(await costs()).toEqual(['membership', 'append']);
    expect(await costs()).toEqual(['append']);
    await lone.node.stop();
  });

  it('has its sends in order around an unblock', async () => {
    const lone = await started();
    const conv_id = await lone.openPersonal(1, 2);
    const blocker = await CurrentPeer.signIn(lone, 1);
    await blocker.ask({ type: 'block', user_id: 2 });
    const blocked = await CurrentPeer.signIn(lone, 2);
    await lone.stores.conversations.setBlocked(1, 2, false);
    const refs = ['a', 'b', 'c'].map((msg) => blocked.say({ type: 'personal', conv_id, msg }));
    await lone.clock.settle();
    expect(refs.map((ref) => blocked.answer(ref).seq)).toEqual([1, 2, 3]);
    expect(lone.stores.state.messages.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
    await lone.node.stop();
  });
});

describe('block', () => {
  it('and unblock of one session take effect in the order in which they were sent', async () => {
    const lone = new LoneNode({
      faults: ({ conversations }) => ({
        conversations: {
          setBlocked: async (...asked) => {
            // The first of two would end last.
            if (asked[2]) await new Promise<void>((resolve) => void lone.clock.after(100, resolve));
            return conversations.setBlocked(...asked);
          },
        },
      }),
    });
    await lone.node.start();
    const conv_id = await lone.openPersonal(1, 2);
    const peer = await CurrentPeer.signIn(lone, 1);
    const refs = ['block', 'unblock'].map((type) => peer.say({ type, user_id: 2 }));
    await lone.clock.advanceAsync(1_000);
    expect(refs.map((ref) => peer.answer(ref))).toEqual([{ type: 'ok' }, { type: 'ok' }]);
    expect(await lone.stores.conversations.membership(2, conv_id)).toMatchObject({ blocked: false });
    await lone.node.stop();
  });

  it('G1, L15: is done when it is stored, also when what comes behind it cannot be read', async () => {
    let failing = true;
    const lone = new LoneNode({
      faults: ({ conversations }) => ({
        conversations: {
          membersOf: async (...asked) => {
            if (failing) throw new StoreError('timeout', { outcome: 'not_committed', retryable: true });
            return conversations.membersOf(...asked);
          },
        },
      }),
    });
    await lone.node.start();
    const peer = await CurrentPeer.signIn(lone, 1);
    // Opened by a node that told nobody.
    const conv_id = await lone.openPersonal(1, 2);
    expect(await peer.ask({ type: 'block', user_id: 2 })).toEqual({ type: 'ok' });
    expect(await lone.stores.conversations.membership(2, conv_id)).toMatchObject({ blocked: true });
    failing = false;
    expect(await peer.ask({ type: 'unblock', user_id: 2 })).toEqual({ type: 'ok' });
    expect(peer.told('synced')).toMatchObject([{ conv_id, kind: 'personal', seq: 0 }]);
    await lone.node.stop();
  });

  it('is a request, answered without a ref too', async () => {
    const lone = await started();
    await lone.openPersonal(1, 2);
    const { connection } = await CurrentPeer.signIn(lone, 1);
    connection.say({ type: 'block', user_id: 2 });
    await lone.clock.settle();
    expect(connection.frames.at(-1)).toBe('{"type":"ok"}');
    await lone.node.stop();
  });

  it('opens the conversation when there is none, is idempotent, and names known users only', async () => {
    const lone = await started();
    const peer = await CurrentPeer.signIn(lone, 1);
    expect(await peer.ask({ type: 'block', user_id: 1 })).toEqual(error('invalid_frame'));
    expect(await peer.ask({ type: 'block', user_id: 2 })).toEqual(error('unknown_member'));
    const other = await CurrentPeer.signIn(lone, 2);
    for (let i = 0; i < 2; i++) expect(await peer.ask({ type: 'block', user_id: 2 })).toEqual({ type: 'ok' });
    expect(peer.told('synced')).toMatchObject([{ kind: 'personal', seq: 0 }]);
    const ready = await other.ask({ type: 'init_personal', member: [1, 2] });
    expect(ready).toMatchObject({ type: 'conversation_ready', created: false });
    const conv_id = Number(ready.conv_id);
    expect(await other.ask({ type: 'personal', conv_id, msg: 'x' })).toEqual(error('blocked'));
    expect(await peer.ask({ type: 'personal', conv_id, msg: 'x' })).toMatchObject({ type: 'ack', seq: 1 });
    await lone.node.stop();
  });
});

const seed = testSeed();

it(`a block takes effect at once on the node of the blocked user, and an unblock too (seed ${seed})`, async () => {
  const { cluster, peers } = await peersApart(seed, 2);
  const [blocker, blocked] = peers;
  const { conv_id } = await blocked.ask({ type: 'init_personal', member: [1, 2] });
  const say = (msg: string) => blocked.ask({ type: 'personal', conv_id, msg });
  expect(await say('one')).toMatchObject({ type: 'ack', seq: 1 });
  expect(await blocker.ask({ type: 'block', user_id: 2 })).toEqual({ type: 'ok' });
  expect(await say('not this')).toEqual(error('blocked'));
  expect(await say('nor this')).toEqual(error('blocked'));
  expect(await blocker.ask({ type: 'unblock', user_id: 2 })).toEqual({ type: 'ok' });
  expect(await say('two')).toMatchObject({ type: 'ack', seq: 2 });
  expect(blocker.told('personal').map(({ msg }) => msg)).toEqual(['one', 'two']);
  await cluster.stop();
});
