import type { ConversationReader } from '@parley/core';
import { expect } from 'vitest';

type Run = (text: string) => Promise<unknown>;

/** Writes a group as it was before migration 4: of its three members one has left it. */
export async function writeBeforeDepartures(run: Run): Promise<void> {
  for (const id of [1, 2, 3]) await run(`INSERT INTO users (id, name) VALUES (${id}, 'User ${id}')`);
  await run(
    `INSERT INTO conversations (id, kind, name, description, last_seq, members_version) VALUES (1, 'group', 'G', 'D', 1, 2)`,
  );
  for (const id of [1, 2])
    await run(`INSERT INTO members (user_id, conversation_id, role) VALUES (${id}, 1, 'member')`);
  await run(`INSERT INTO members (user_id, conversation_id, role, left_seq) VALUES (3, 1, 'member', 1)`);
}

/** Who has left it knows it as it was at the migration, and learns nothing of what comes after it (G7). Who comes back knows it as it is. */
export async function departuresStay(run: Run, reader: ConversationReader): Promise<void> {
  await run(`UPDATE conversations SET name = 'Now', description = 'of now' WHERE id = 1`);
  const of = async (userId: number) => (await reader.summaries(userId, { ids: [1] }))[0];
  expect(await of(1)).toMatchObject({ name: 'Now', description: 'of now', members: 2, left: false });
  expect(await of(3)).toMatchObject({ name: 'G', description: 'D', members: 2, left: true });
  // By a node of the version before that still runs: it knows nothing of what is kept.
  await run(`UPDATE members SET left_seq = NULL WHERE user_id = 3`);
  expect(await of(3)).toMatchObject({ name: 'Now', description: 'of now', members: 3, left: false });
}
