import { afterEach, describe, expect, it } from 'vitest';
import { until } from './harness.ts';
import { TransportRoom } from './transport-room.ts';

const room = new TransportRoom();
afterEach(() => room.end());

describe('closing', () => {
  it('sends what was queued, then the close code and reason; afterwards nothing throws and nothing arrives', async () => {
    const node = await room.start();
    const { socket, received, accepted } = await room.client(node);
    const closed: [number, string][] = [];
    socket.on('close', (code, reason) => void closed.push([code, reason.toString()]));
    const { connection } = accepted;
    connection.send('last words');
    connection.close(1012, 'node is restarting');
    expect(accepted.closes).toEqual([]);
    connection.send('too late');
    connection.ping('too late');
    connection.close(4004, 'again');
    expect(connection.bufferedBytes()).toBe(0);
    await until('closed on both sides', () => closed.length === 1 && accepted.closes.length === 1);
    expect(received).toEqual(['last words']);
    expect(closed).toEqual([[1012, 'node is restarting']]);
    expect(accepted.closes).toEqual([{ code: 1012, slow: false }]);
    connection.send('dead');
    connection.ping('dead');
    connection.close(4004, 'dead');
    expect(connection.bufferedBytes()).toBe(0);
  });

  it('reports the code of a client that leaves, and 1006 of one that just goes', async () => {
    const node = await room.start();
    const polite = await room.client(node);
    polite.socket.close(4242, 'bye');
    await until('closed', () => polite.accepted.closes.length === 1);
    const rude = await room.client(node);
    rude.socket.terminate();
    await until('closed', () => rude.accepted.closes.length === 1);
    expect([polite.accepted.closes, rude.accepted.closes]).toEqual([
      [{ code: 4242, slow: false }],
      [{ code: 1006, slow: false }],
    ]);
  });

  it('may be closed by the engine while it accepts', async () => {
    const node = await room.start();
    node.recorder.onAccept = ({ connection }) => connection.close(4001, 'no');
    const socket = room.socket(node.url);
    const closes: number[] = [];
    socket.on('close', (code) => void closes.push(code));
    await until('closed', () => closes.length === 1);
    expect(closes).toEqual([4001]);
    expect(node.recorder.accepted.map((accepted) => accepted.closes)).toEqual([[{ code: 4001, slow: false }]]);
  });

  it('costs one connection and not the node when the engine throws', async () => {
    const node = await room.start();
    node.recorder.onText = (_accepted, text) => {
      if (text === 'bad') throw new Error('bug');
    };
    const [victim, other] = [await room.client(node), await room.client(node)];
    victim.socket.send('bad');
    await until('closed', () => victim.closes.length === 1);
    expect(victim.closes).toEqual([1011]);
    other.socket.send('good');
    await until('other lives', () => other.accepted.texts.length === 1);
    expect(node.recorder.logged.filter((line) => line.level === 'error')).toHaveLength(1);
  });
});
