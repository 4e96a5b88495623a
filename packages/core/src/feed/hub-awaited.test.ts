import { expect, it } from 'vitest';
import { packEnvelope } from '../bus/envelope.ts';
import type { Publication } from '../bus/publication.ts';
import type { FakeConnection } from '../testing/fake-connection.ts';
import { LoneNode } from '../testing/lone-node.ts';
import { publicationOf } from '../wire/message-frame.ts';

const bodies = (connection: FakeConnection): string[] =>
  connection.frames
    .filter((frame) => frame.startsWith('{'))
    .map((frame) => (JSON.parse(frame) as { readonly msg: string }).msg);

/** User 1 has just signed in; its memberships were read before user 2 wrote it a first message, and `answer` brings them. */
async function loadingSession() {
  const answers: (() => void)[] = [];
  const lone = new LoneNode({
    faults: ({ conversations }) => ({
      conversations: {
        profilesOf: async (users) => {
          const rows = await conversations.profilesOf(users);
          await new Promise<void>((resolve) => answers.push(resolve));
          return rows;
        },
      },
    }),
  });
  await lone.node.start();
  await lone.stores.conversations.ensureUsers([1, 2]);
  const connection = await lone.signIn(1);
  const conversationId = await lone.openPersonal(1, 2);
  const sentAtUs = lone.clock.nowUs();
  const row = { conversationId, kind: 'personal', senderId: 2, recipientId: 1, clientId: 'c', body: 'first' } as const;
  const outcome = await lone.stores.messages.append([{ ...row, sentAtUs, membersVersion: 1 }]);
  const result = outcome.kind === 'committed' ? outcome.results[0] : undefined;
  if (result?.kind !== 'stored') throw new Error('not stored');
  const { seq, messageId } = result;
  const head: Publication = { type: 'head', kind: 'personal', conversationId, seq, members: [1, 2] };
  const message = { ...row, seq, messageId, senderName: 'User 2', sentAtUs, isEvent: false };
  const whole: Publication = publicationOf(message, head.members, 0);
  const [bus] = lone.network.members.values();
  return {
    lone,
    connection,
    answer: () => {
      for (const resolve of answers.splice(0)) resolve();
    },
    arrives: (type: 'head' | 'message') =>
      bus?.onEnvelope(packEnvelope([type === 'head' ? head : whole], lone.clock.nowUs())),
  };
}

it('G4: a head that is announced while the only session is loading is read once it has loaded', async () => {
  const { lone, connection, answer, arrives } = await loadingSession();
  arrives('head');
  answer();
  await lone.clock.advanceAsync(5_000);
  expect(bodies(connection)).toEqual(['first']);
  await lone.node.stop();
});

it('G4 G5: a new conversation that arrives at any moment around the end of the loading reaches the session once', async () => {
  for (const type of ['head', 'message'] as const) {
    for (let turns = 0; turns < 24; turns++) {
      const { lone, connection, answer, arrives } = await loadingSession();
      answer();
      // Microtasks: what follows the read goes on in between.
      for (let turn = 0; turn < turns; turn++) await null;
      arrives(type);
      await lone.clock.advanceAsync(5_000);
      expect(bodies(connection), `${type} after ${turns} microtasks`).toEqual(['first']);
      await lone.node.stop();
    }
  }
});
