import { expect } from 'vitest';
import type { SqlStores } from '../src/index.ts';

const SENT = { seq: 3, clientId: 'c3', body: 'three' };

/** Writes a group and a pair as they were before migration 2; `time`: an SQL literal for some moment. */
export async function writeBeforeGroups(run: (text: string) => Promise<unknown>, time: string): Promise<void> {
  for (const id of [1, 2, 3]) await run(`INSERT INTO users (id, name) VALUES (${id}, 'User ${id}')`);
  await run(`INSERT INTO conversations (id, kind, name, description, pair_key, last_seq, members_version)
    VALUES (1, 'group', 'Old', 'before', NULL, 3, 2)`);
  await run(`INSERT INTO conversations (id, kind, name, description, pair_key, last_seq, members_version)
    VALUES (2, 'personal', '', '', '1:2', 0, 1)`);
  const members = ["1, 1, 'owner', 0, NULL, 3, 2", "2, 1, 'member', 1, NULL, 1, 0", "3, 1, 'member', 0, 2, 2, 1"];
  for (const row of [...members, "1, 2, 'member', 0, NULL, 0, 0", "2, 2, 'member', 0, NULL, 0, 0"])
    await run(`INSERT INTO members (user_id, conversation_id, role, joined_seq, left_seq, delivered_seq, seen_seq, delivered_at, seen_at)
      VALUES (${row}, ${time}, ${time})`);
  for (const [seq, body] of ['one', 'two', 'three'].entries())
    await run(`INSERT INTO messages (conversation_id, seq, sender_id, recipient_id, client_id, body, sent_at)
      VALUES (1, ${seq + 1}, 1, NULL, 'c${seq + 1}', '${body}', ${time})`);
}

/** What must be true of it afterwards, and that it goes on from there. */
export async function groupGoesOn(stores: SqlStores): Promise<void> {
  const owner = { conversationId: 1, kind: 'group', peerId: null, head: 3, membersVersion: 2, blocked: false };
  expect(await stores.conversations.membersOf([1])).toMatchObject([
    { ...owner, userId: 1, role: 'owner', joinedSeq: 0, leftSeq: null, deliveredSeq: 3, seenSeq: 2 },
    { ...owner, userId: 2, role: 'member', joinedSeq: 1, leftSeq: null, deliveredSeq: 1, seenSeq: 0 },
  ]);
  expect(await stores.conversations.membership(3, 1)).toMatchObject({ leftSeq: 2, deliveredSeq: 2, seenSeq: 1 });
  const [summary] = await stores.reader.summaries(2, { ids: [1] });
  expect(summary).toMatchObject({ name: 'Old', description: 'before', history: false, firstSeq: 2, unread: 2 });
  expect(summary?.last).toMatchObject({ ...SENT, isEvent: false });
  const { seq, body } = SENT;
  expect(await stores.messages.findByClientId(1, 1, SENT.clientId)).toMatchObject({ seq, body, isEvent: false });
  const change = { conversationId: 1, actorId: 1, atUs: 1_700_000_000_000_000 };
  const role = { kind: 'role', userId: 2, role: 'admin' } as const;
  expect(await stores.groups.change({ ...change, clientId: 'g1', action: role })).toMatchObject({ seq: 4 });
  const add = { kind: 'add', userIds: [3] } as const;
  expect(await stores.groups.change({ ...change, actorId: 2, clientId: 'g2', action: add })).toMatchObject({ seq: 5 });
  expect(await stores.conversations.membership(3, 1)).toMatchObject({ joinedSeq: 4, leftSeq: null, membersVersion: 3 });
  expect(await stores.conversations.setBlocked(1, 2, true)).toMatchObject({ conversationId: 2, created: false });
  expect(await stores.conversations.membership(2, 2)).toMatchObject({ blocked: true, membersVersion: 2 });
}
