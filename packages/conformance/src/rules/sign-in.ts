import { openPersonal, say } from '../chat.ts';
import { anId, aTimestamp, integer } from '../pattern.ts';
import { rule } from '../rule.ts';
import { welcomeOf } from '../welcome.ts';

/** V1xx: the first frame, when it is taken. */
export const signInRules = [
  rule(
    'V101',
    'a hello is answered by welcome, the first frame, and its ref comes back',
    async (scene) => {
      const [a] = await scene.users(1);
      const alice = await scene.open();
      alice.send({ ...scene.helloOf(a), ref: 'hi' });
      alice.welcomed(await alice.expectNext(welcomeOf(a, { ref: 'hi' })));
      await alice.synced();
    },
    { proves: ['L17'] },
  ),
  rule(
    'V102',
    'development sign-in takes a user id, which carries no expiry',
    async (scene) => {
      const a = scene.stranger();
      const alice = await scene.open();
      alice.send({ type: 'hello', v: 2, user_id: a });
      alice.welcomed(await alice.expectNext(welcomeOf(a, { token_expires_at: null })));
      await alice.synced();
    },
    { needs: ['user_ids'], proves: ['L17'] },
  ),
  rule(
    'V103',
    'a token signs in the user that it names, and welcome tells when it expires',
    async (scene) => {
      const a = scene.stranger();
      const alice = await scene.open();
      alice.send({ type: 'hello', v: 2, token: scene.token(a) });
      alice.welcomed(await alice.expectNext(welcomeOf(a, { token_expires_at: aTimestamp })));
      await alice.synced();
    },
    { needs: ['tokens'], proves: ['L17'] },
  ),
  rule('V104', 'the device is told back, and null when there is none', async (scene) => {
    const [a] = await scene.users(1);
    for (const device of ['phone', '~!device_#1'.padEnd(64, 'x'), null]) {
      const alice = await scene.open();
      alice.send(scene.helloOf(a, device === null ? {} : { device }));
      alice.welcomed(await alice.expectNext(welcomeOf(a, { device })));
      await alice.synced();
    }
  }),
  rule('V105', 'a newer minor version and unknown fields are no obstacle', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.open();
    alice.send({ ...scene.helloOf(a), minor: 999, client: 'a client of tomorrow', fancy: { nested: [1] } });
    alice.welcomed(await alice.expectNext(welcomeOf(a)));
    await alice.synced();
  }),
  rule('V106', 'white space around the hello is taken off and its fields may stand in any order', async (scene) => {
    const [a] = await scene.users(1);
    const alice = await scene.open();
    const reversed = Object.fromEntries(Object.entries(scene.helloOf(a)).reverse());
    alice.sendText(` \r\n\t${JSON.stringify(reversed, null, 2)}\n`);
    alice.welcomed(await alice.expectNext(welcomeOf(a)));
    await alice.synced();
  }),
  rule('V107', 'requests right behind the hello are answered, after the welcome', async (scene) => {
    const [a, b] = await scene.users(2);
    const alice = await scene.open();
    alice.send(scene.helloOf(a));
    alice.send({ type: 'ping', ref: 'early' });
    alice.send({ type: 'init_personal', member: [a, b], ref: 'init' });
    alice.welcomed(await alice.expectNext(welcomeOf(a)));
    await alice.expect({ type: 'pong', time: aTimestamp, ref: 'early' });
    const ready = { type: 'conversation_ready', ref: 'init', kind: 'personal', created: true } as const;
    const { conv_id } = await alice.expect({ ...ready, conv_id: anId });
    await alice.expect({ type: 'sync_complete', conversations: integer(0, 1) });
    alice.ignore('synced');
    await say(alice, 'personal', conv_id, 'hello', { seq: 1 });
  }),
  rule('V108', 'a second hello is refused and the session lives on', async (scene) => {
    const [a, b] = await scene.users(2);
    const alice = await scene.connect(a);
    await alice.refused(scene.helloOf(b), 'already_signed_in');
    const conversation = await openPersonal(alice, b);
    const { frame } = await say(alice, 'personal', conversation, 'still alice', { seq: 1 });
    if (frame.sender_id !== a) throw alice.failure('is another user now');
  }),
  rule(
    'V109',
    'several sessions of one user at once, also of one device, each with a name of its own',
    async (scene) => {
      const [a] = await scene.users(1);
      const sessions = await Promise.all([1, 2, 3].map(() => scene.connect(a, { device: 'phone' })));
      const names = new Set(sessions.map(({ welcome }) => welcome.session));
      if (names.size !== sessions.length)
        throw new Error(`expected 3 different sessions, got ${[...names].join(', ')}`);
      await scene.quiet();
    },
    { proves: ['L14'] },
  ),
  rule('V110', 'sessions of one cluster tell the same store epoch and limits', async (scene) => {
    const users = await scene.users(3);
    const peers = await scene.connectAll(users);
    const told = peers.map(({ welcome: { epoch, limits } }) => JSON.stringify({ epoch, limits }));
    if (new Set(told).size !== 1) throw new Error(`expected the same of every node, got ${told.join(' and ')}`);
  }),
  rule(
    'V111',
    'a JSON first frame that is no hello is an old client’s and refused with the legacy error',
    async (scene) => {
      const [a] = await scene.users(1);
      for (const first of ['{"type":"ping","ref":1}', `{"user_id":${a}}`, '["hello"]', '{"type":"hello"', 'hello']) {
        const alice = await scene.open();
        alice.sendText(first);
        await alice.expectError(scene.signIn === 'tokens' ? 'invalid_token' : 'invalid_user_id');
        await alice.expectClose('sign_in_refused');
      }
    },
    { proves: ['L1a', 'L15'] },
  ),
  rule(
    'V112',
    'a connection without a first frame is told so and closed, to come back',
    async (scene) => {
      const alice = await scene.open();
      await alice.expectError('sign_in_timeout');
      await alice.expectClose('sign_in_timeout');
    },
    { slow: true },
  ),
];
