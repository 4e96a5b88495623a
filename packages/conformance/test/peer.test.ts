import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { CurrentPeer } from '../src/current-peer.ts';
import { checkCurrentFrame } from '../src/frame-check.ts';
import { aTimestamp } from '../src/pattern.ts';
import { Transcript } from '../src/transcript.ts';
import { type Script, ScriptedServer } from './scripted-server.ts';

const TIME = '2026-11-23 01:02:03.000004';
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function peerOf(script: Script, patienceMs = 5_000): Promise<{ peer: CurrentPeer; transcript: Transcript }> {
  const server = await ScriptedServer.start(script);
  const transcript = new Transcript();
  const peer = new CurrentPeer({ url: server.url, name: 'alice', transcript, patienceMs, check: checkCurrentFrame });
  stops.push(
    () => server.stop(),
    () => peer.drop(),
  );
  return { peer: await peer.opened(), transcript };
}

const tell = (socket: WebSocket, ...frames: readonly object[]): void => {
  for (const frame of frames) socket.send(JSON.stringify(frame));
};
const refOf = (frame: string): number => (JSON.parse(frame) as { readonly ref: number }).ref;
const pong = { type: 'pong', time: TIME };

describe('a client of the suite', () => {
  it('takes an answer by its ref, whatever stands before it', async () => {
    const { peer } = await peerOf((frame, socket) =>
      tell(socket, { ...pong, ref: 99 }, { type: 'ok' }, { ...pong, ref: refOf(frame) }),
    );
    await peer.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp });
    expect(peer.drain().map(({ text }) => text)).toEqual([JSON.stringify({ ...pong, ref: 99 }), '{"type":"ok"}']);
  });

  it('gives up at once when the answer is of another kind', async () => {
    const error = { type: 'error', code: 3001, name: 'not_a_member', message: 'No.', temporary: false };
    const { peer } = await peerOf((frame, socket) => tell(socket, { ...error, ref: refOf(frame) }), 60_000);
    await expect(peer.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp })).rejects.toThrow(
      /expected {type: "pong".*got.*not_a_member/,
    );
  });

  it('says what it waited for when nothing comes, and what came instead', async () => {
    const { peer } = await peerOf((frame, socket) => (frame === 'more' ? tell(socket, { type: 'ok' }) : undefined), 50);
    await expect(peer.expect({ type: 'pong', time: TIME })).rejects.toThrow(
      /alice: expected {type: "pong".*nothing came within 0.05 s/,
    );
    peer.sendText('more');
    await expect(peer.expect({ type: 'pong', time: TIME })).rejects.toThrow(/only this came: {"type":"ok"}/);
  });

  it('wants the next frame to be the one, and nothing left over', async () => {
    const { peer } = await peerOf((_frame, socket) => tell(socket, { type: 'ok' }, pong));
    peer.sendText('go');
    await expect(peer.expectNext({ type: 'pong', time: aTimestamp })).rejects.toThrow(
      /type: expected "pong", got "ok"/,
    );
    await peer.next('the rest');
    expect(() => peer.expectNothing()).not.toThrow();
    peer.sendText('again');
    await peer.expect({ type: 'ok' });
    await peer.next('the pong');
    peer.sendText('once more');
    await peer.expect({ type: 'ok' });
    await peer.expect({ type: 'pong', time: TIME });
    peer.expectNothing();
  });

  it('fails on a frame that breaks the schemas, whatever step comes next', async () => {
    const { peer } = await peerOf((_frame, socket) => tell(socket, { type: 'ok', extra: 1 }, pong));
    peer.sendText('go');
    await expect(peer.expect({ type: 'pong', time: TIME })).rejects.toThrow(/unknown field extra/);
    expect(() => peer.expectNothing()).toThrow(/unknown field extra/);
  });

  it('tells close codes apart', async () => {
    const { peer } = await peerOf((frame, socket) => socket.close(Number(frame), 'because'));
    peer.sendText('4501');
    await expect(peer.expectClose('sign_in_timeout')).rejects.toThrow(/closed with 4001 \(sign_in_timeout\), not 4501/);
    await peer.expectClose('sign_in_refused');
    await expect(peer.expect({ type: 'ok' })).rejects.toThrow(/closed with 4501 \(because\)/);
  });

  it('several steps that wait at the same time each take their own frame', async () => {
    const { peer } = await peerOf((frame, socket) => {
      if (refOf(frame) === 3) tell(socket, ...[3, 1, 2].map((ref) => ({ ...pong, ref })));
    });
    const asked = [1, 2, 3].map(() => peer.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp }));
    expect((await Promise.all(asked)).map((answer) => answer)).toHaveLength(3);
    peer.expectNothing();
  });

  it('passes over what it is told to ignore, also what has come already', async () => {
    const { peer, transcript } = await peerOf((_frame, socket) => tell(socket, { type: 'ok' }, pong));
    peer.sendText('one');
    await peer.expect({ type: 'pong', time: TIME });
    peer.ignore('ok');
    peer.expectNothing();
    expect(transcript.excerpt(10).join('\n')).toMatch(
      /alice -> one\n.*alice <- {"type":"ok"}\n.*alice <- {"type":"pong"/,
    );
  });
});
