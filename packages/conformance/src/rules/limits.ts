import { ERROR_CODES } from '@parley/protocol';
import { pair, say } from '../chat.ts';
import { anything, aText, aTimestamp, differences } from '../pattern.ts';
import { rule } from '../rule.ts';
import { welcomeOf } from '../welcome.ts';

/** V26x: bounds of the wire. */
export const limitRules = [
  rule(
    'V261',
    'more requests at once than max_in_flight: each has its one answer, an ack or overloaded, and none is stored that was refused',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const count = alice.welcome.limits.max_in_flight * 3;
      if (count > 5_000) throw scene.notPlayable('needs a smaller max_in_flight');
      const refs = Array.from({ length: count }, (_value, at) => `r${at}`);
      alice.sendTexts(refs.map((ref) => JSON.stringify({ type: 'personal', conv_id: conversation, msg: ref, ref })));
      const stored: (readonly [seq: number, ref: string])[] = [];
      const left = new Set(refs);
      let refused = 0;
      while (left.size > 0) {
        const { json } = await alice.next('an answer');
        const answer = json as {
          readonly type: string;
          readonly ref: string;
          readonly name?: string;
          readonly seq: number;
        };
        if (!left.delete(answer.ref)) throw alice.failure(`got a second answer to ${answer.ref}`);
        if (answer.type === 'ack') stored.push([answer.seq, answer.ref]);
        else if (answer.name === 'overloaded') refused++;
        else throw alice.failure(`expected an ack or overloaded, got ${JSON.stringify(json)}`);
      }
      if (refused === 0) throw alice.failure(`sent ${count} requests at once and none was refused as overloaded`);
      stored.sort(([one], [other]) => one - other);
      for (const [at, [seq, msg]] of stored.entries()) {
        if (seq !== at + 1) throw alice.failure(`expected seq ${at + 1}, got ${seq}`);
        await bob.expectNext({ ...ANY_MESSAGE, conv_id: conversation, seq, msg });
      }
    },
    { proves: ['G1', 'G8'] },
  ),
  rule(
    'V262',
    'a flood of frames right behind the hello is answered whole, or ends the connection, to come back',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.open();
      const count = 500;
      const pings = Array.from({ length: count }, () => JSON.stringify({ type: 'ping' }));
      alice.sendTexts([JSON.stringify(scene.helloOf(a)), ...pings]);
      // A server that signs in at once takes them; one that must ask first keeps only so many meanwhile.
      const { json } = await alice.next('a first frame');
      if (differences(json, welcomeOf(a)).length > 0) {
        const { code, temporary } = ERROR_CODES.overloaded;
        const wrong = differences(json, { type: 'error', code, name: 'overloaded', message: aText, temporary });
        if (wrong.length > 0) throw alice.failure(wrong.join('; '));
        await alice.expectClose('too_many_frames');
        return;
      }
      for (let pongs = 0; pongs < count; pongs++) await alice.expect({ type: 'pong', time: aTimestamp });
      await alice.synced();
    },
    { proves: ['G8'] },
  ),
  rule(
    'V263',
    'a frame beyond max_frame_bytes ends the connection, and the client may come back',
    async (scene) => {
      const { a, alice, bob, conversation } = await pair(scene);
      alice.sendText(JSON.stringify({ type: 'ping', padding: 'x'.repeat(alice.welcome.limits.max_frame_bytes) }));
      await alice.expectEnd();
      const again = await scene.greet(a);
      again.ignore('synced', 'sync_complete');
      await bob.expectNext((await say(again, 'personal', conversation, 'back', { seq: 1 })).frame);
    },
    { proves: ['G8'] },
  ),
  rule('V264', 'a frame of almost max_frame_bytes is taken', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    const padding = 'x'.repeat(alice.welcome.limits.max_frame_bytes - 200);
    await alice.ask({ type: 'ping', padding }, { type: 'pong', time: anything });
  }),
  rule(
    'V265',
    'the largest hello is taken: 10,000 cursors',
    async (scene) => {
      const [a] = await scene.users(1);
      const count = 10_000;
      const foreign = Array.from({ length: count }, (_value, at) => Number.MAX_SAFE_INTEGER - at);
      const alice = await scene.open();
      alice.send(
        scene.helloOf(a, { cursors: Object.fromEntries(foreign.map((id) => [id, 1])), hello: { groups: foreign } }),
      );
      alice.welcomed(await alice.expectNext(welcomeOf(a)));
      for (let at = 0; at < count; at++) {
        await alice.expectNext({ type: 'reset', conv_id: anything, kind: 'group', seq: 0, reason: 'ahead' });
      }
      await alice.expectNext({ type: 'sync_complete', conversations: count });
    },
    { proves: ['G8'] },
  ),
];

const ANY_MESSAGE = {
  type: 'personal',
  message_id: anything,
  sender: anything,
  timestamp: anything,
  sender_id: anything,
  client_id: anything,
} as const;
