import { once } from 'node:events';
import { CLOSE_CODES } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Device } from './support/device.ts';
import { eventually } from './support/eventually.ts';
import { FaultCluster } from './support/fault-cluster.ts';

/** A send is tried again for 30 s. */
const SEND_PATIENCE_MS = 60_000;

let cluster: FaultCluster;
beforeAll(async () => {
  cluster = await FaultCluster.start(1);
});
afterAll(() => cluster?.stop());

const unavailable = {
  ...{ type: 'error', code: 4002, name: 'store_unavailable', temporary: true, ref: expect.any(Number) },
  message: expect.any(String),
};

describe('trouble of the server, which no client can ask for, as a client of the current protocol is told of it', () => {
  it('without a database every request is answered: with store_unavailable, which may be repeated, and is then carried out once (G1, G3)', async () => {
    const { url } = cluster.node(0);
    const ann = await Device.connect(url, 1);
    const bob = await Device.connect(url, 2);
    const { conv_id } = await ann.ask({ type: 'init_personal', member: [1, 2], client_id: 'i' });
    const first = await ann.ask({ type: 'personal', conv_id, msg: 'a', client_id: 'a' });
    await bob.first('the message', ({ type }) => type === 'personal');
    const carl = await Device.connect(url, 5);
    const withCarl = Number((await carl.ask({ type: 'init_personal', member: [2, 5], client_id: 'l' })).conv_id);
    const doubtful = { type: 'personal', conv_id: withCarl, msg: 'x', client_id: 'x' };
    await cluster.holdInsert(withCarl, () => carl.say(doubtful));
    await cluster.mariadb.kill('SIGKILL');

    const reads = [
      { type: 'history', conv_id },
      { type: 'conversations' },
      { type: 'members', conv_id },
      { type: 'message_status', message_id: first.message_id },
      { type: 'presence', user_id: [2] },
      { type: 'watch', user_id: [2] },
    ];
    const writes = [
      { type: 'init_personal', member: [1, 3], client_id: 'j' },
      { type: 'init_group', member: [1, 2], group_name: 'g', client_id: 'k' },
      { type: 'block', user_id: 3 },
    ];
    const answers = await Promise.all([...reads, ...writes].map((frame) => ann.ask(frame)));
    expect(answers).toEqual(answers.map(() => unavailable));
    expect(await ann.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
    // Sends are tried again first; another's connection lives on as well.
    const sends = [
      { type: 'personal', conv_id, msg: 'b', client_id: 'b' },
      { type: 'personal', conv_id, msg: 'c', client_id: 'c' },
    ];
    const refused = await Promise.all(sends.map((frame) => ann.ask(frame, SEND_PATIENCE_MS)));
    expect(refused).toEqual([unavailable, unavailable]);
    expect([ann.closeCode, bob.closeCode]).toEqual([null, null]);
    // Its commit had been asked for: whether it was carried out nobody can say, and no answer would be true.
    await eventually('the connection of a send in doubt to end', async () => carl.closeCode !== null);
    expect(carl.closeCode).toBe(CLOSE_CODES.outcome_unknown.code);
    expect(carl.told('ack', 'error')).toEqual([]);

    // Who comes now is not refused: the node waits with the answer, or closes with a code that says to come back.
    const late = new WebSocket(url);
    await once(late, 'open');
    late.send(JSON.stringify({ type: 'hello', v: 2, user_id: 4 }));
    const greeted = new Promise<string>((resolve) => {
      late.on('message', (data) => resolve((JSON.parse(String(data)) as { type: string; name?: string }).type));
      late.on('close', (code) => resolve(String(code)));
    });

    await cluster.mariadb.start();
    await eventually('the node to be ready', async () => (await cluster.readyz(cluster.node(0))).ready);
    expect(['welcome', 'error', String(CLOSE_CODES.internal.code)]).toContain(await greeted);
    late.terminate();
    const again = await Promise.all([...reads, ...writes].map((frame) => ann.ask(frame)));
    expect(again.filter(({ type }) => type === 'error')).toEqual([]);
    const acks = [];
    for (const frame of sends) acks.push(await ann.ask(frame));
    expect(acks).toMatchObject([
      { type: 'ack', seq: 2 },
      { type: 'ack', seq: 3 },
    ]);
    expect(await ann.ask(sends[0] ?? {})).toMatchObject({ type: 'ack', seq: 2, duplicate: true });
    await bob.first('all of them', ({ seq }) => seq === 3);
    const carlAgain = await Device.connect(url, 5);
    expect(await carlAgain.ask(doubtful)).toMatchObject({ type: 'ack', seq: 1 });
    expect(await carlAgain.ask(doubtful)).toMatchObject({ type: 'ack', seq: 1, duplicate: true });
    await bob.first('the one in doubt', ({ client_id }) => client_id === 'x');
    const told = (conversationId: unknown) =>
      bob.told('personal').flatMap((frame) => (frame.conv_id === conversationId ? [frame.seq] : []));
    expect([told(conv_id), told(withCarl)]).toEqual([[1, 2, 3], [1]]);
    for (const device of [ann, bob, carlAgain]) device.end();
  });
});
