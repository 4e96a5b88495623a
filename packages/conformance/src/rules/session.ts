import { openPersonal, pair, say, tell } from '../chat.ts';
import { anId, aTimestamp, integer, textLike } from '../pattern.ts';
import { rule } from '../rule.ts';

/** V100x: what keeps a session alive and ends it. */
export const sessionRules = [
  rule('V1001', 'ping is answered by pong with the time of the server', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.connect(a);
    const { time } = await alice.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp });
    const later = await alice.ask({ type: 'ping' }, { type: 'pong', time: aTimestamp });
    if (!(later.time >= time && time >= alice.welcome.time)) throw alice.failure('the time goes backwards');
  }),
  rule(
    'V1002',
    'bye lets answers in flight go out, then closes with 1000',
    async (scene) => {
      const { alice, bob, conversation } = await pair(scene);
      const ack = {
        type: 'ack',
        conv_id: conversation,
        timestamp: aTimestamp,
        message_id: anId,
        client_id: textLike(/^~/),
      } as const;
      for (let ref = 1; ref <= 20; ref++) alice.send({ type: 'personal', conv_id: conversation, msg: `m${ref}`, ref });
      alice.send({ type: 'bye', ref: 'bye' });
      for (let ref = 1; ref <= 20; ref++) await alice.expect({ ...ack, seq: ref, ref });
      await alice.expect({ type: 'ok', ref: 'bye' });
      await alice.expectClose('normal');
      const frame = { type: 'personal', conv_id: conversation, message_id: anId, sender: alice.welcome.name } as const;
      for (let seq = 1; seq <= 20; seq++) {
        const rest = { msg: `m${seq}`, seq, timestamp: aTimestamp, sender_id: alice.user, client_id: textLike(/^~/) };
        await bob.expectNext({ ...frame, ...rest });
      }
    },
    { proves: ['G10'] },
  ),
  rule('V1003', 'bye without a ref is not answered, and frames behind it are not taken', async (scene) => {
    const { alice, bob, conversation } = await pair(scene);
    alice.send({ type: 'bye' });
    alice.send({ type: 'personal', conv_id: conversation, msg: 'too late' });
    await alice.expectClose('normal');
    await bob.ask(
      { type: 'history', conv_id: conversation },
      { type: 'history', conv_id: conversation, messages: [], more: false },
    );
  }),
  rule(
    'V1004',
    'refresh takes a new token of the same user, and tells when it expires',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a, { expiresInS: 3_600 });
      const { expires_at } = await alice.ask(
        { type: 'refresh', token: scene.token(a, { expiresInS: 7_200 }) },
        { type: 'refreshed', expires_at: aTimestamp },
      );
      if (!(expires_at > (alice.welcome.token_expires_at ?? '')))
        throw alice.failure(`the new token expires no later: ${expires_at}`);
    },
    { needs: ['tokens'] },
  ),
  rule(
    'V1005',
    'a token of another user, an expired one and a wrong one are refused and change nothing',
    async (scene) => {
      const [a, b] = await scene.users(2);
      const alice = await scene.connect(a);
      await alice.refused({ type: 'refresh', token: scene.token(b) }, 'wrong_user');
      await alice.refused({ type: 'refresh', token: scene.token(a, { expiresInS: -3_600 }) }, 'token_expired');
      await alice.refused({ type: 'refresh', token: 'e30.e30.c2ln' }, 'invalid_token');
      const conversation = await openPersonal(alice, b);
      await say(alice, 'personal', conversation, 'still alice', { seq: 1 });
    },
    { needs: ['tokens'] },
  ),
  rule(
    'V1006',
    'a token is asked for before it expires; with none the connection is closed, to come back',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a, { expiresInS: 4 });
      const { token_expires_at } = alice.welcome;
      await alice.expectNext({ type: 'refresh_needed', expires_at: token_expires_at });
      await alice.fence();
      await alice.expectClose('token_expired');
    },
    { needs: ['tokens'], slow: true },
  ),
  rule(
    'V1007',
    'a token that comes in time keeps the session',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a, { expiresInS: 4 });
      const idle = await scene.connect(a, { expiresInS: 4 });
      await alice.expectNext({ type: 'refresh_needed', expires_at: alice.welcome.token_expires_at });
      await alice.ask({ type: 'refresh', token: scene.token(a) }, { type: 'refreshed', expires_at: aTimestamp });
      await idle.expectNext({ type: 'refresh_needed', expires_at: idle.welcome.token_expires_at });
      await idle.expectClose('token_expired');
      await alice.fence();
    },
    { needs: ['tokens'], slow: true },
  ),
  rule(
    'V1008',
    'development sign-in has nothing to refresh',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.connect(a);
      await alice.refused({ type: 'refresh', token: 'e30.e30.c2ln' }, 'invalid_user_id');
    },
    { needs: ['user_ids'] },
  ),
  rule(
    'V1009',
    'a node that is told to stop says goaway with a time to wait, answers what it took, and closes with 1012',
    async (scene) => {
      const node = await scene.ownNode();
      const [a, b] = await scene.users(2);
      const alice = await scene.connect(a, { url: node.url });
      const conversation = await openPersonal(alice, b);
      await say(alice, 'personal', conversation, 'before', { seq: 1 });
      const stopped = node.stop();
      await alice.expectNext({ type: 'goaway', reconnect_after_ms: integer(0, 5_000) });
      await alice.expectClose('service_restart');
      await stopped;
    },
    { needs: ['own_node'], proves: ['G10'], slow: true },
  ),
  rule(
    'V1010',
    'what a session has watched and typed ends with it, and its place is free again',
    async (scene) => {
      const [a, b] = await scene.users(2);
      for (let round = 0; round < 20; round++) {
        const alice = await scene.greet(a, { node: round });
        alice.ignore('synced', 'sync_complete');
        const conversation = await openPersonal(alice, b);
        await tell(alice, { type: 'typing', conv_id: conversation });
        await tell(alice, { type: 'bye' });
        await alice.expectClose('normal');
      }
    },
    { proves: ['G8'] },
  ),
];
