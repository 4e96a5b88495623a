import type { ErrorName } from '@parley/protocol';
import type { ConversationId, UserId } from '../types.ts';
import type { CommitBatch } from './commit-batch.ts';
import type { PendingSend } from './pending-send.ts';

/** Reads at the same time, so that one flush does not take a whole connection pool. */
const MAX_CONCURRENT_READS = 16;

/** The members' version that a sender's rows may carry, or why the sender may not write. */
export type Standing = number | ErrorName;

/**
 * Gives the batch's rows of the conversations the members' version of now, asking once per (user, conversation); `refuse` is called for
 * the rows whose sender may not write any more. Rejects when a read rejects, and has then changed nothing.
 */
export async function refreshVersions(
  batch: CommitBatch<PendingSend>,
  conversationIds: ReadonlySet<ConversationId>,
  standingOf: (userId: UserId, conversationId: ConversationId) => Promise<Standing>,
  refuse: (index: number, error: ErrorName) => void,
): Promise<void> {
  const asked = new Map<string, { userId: UserId; conversationId: ConversationId; indexes: number[] }>();
  batch.eachOf(conversationIds, (row, index) => {
    const key = `${row.senderId}:${row.conversationId}`;
    const known = asked.get(key);
    if (known !== undefined) known.indexes.push(index);
    else asked.set(key, { userId: row.senderId, conversationId: row.conversationId, indexes: [index] });
  });

  const questions = [...asked.values()];
  const standings: Standing[] = [];
  for (let at = 0; at < questions.length; at += MAX_CONCURRENT_READS) {
    const page = questions.slice(at, at + MAX_CONCURRENT_READS);
    standings.push(...(await Promise.all(page.map((q) => standingOf(q.userId, q.conversationId)))));
  }

  for (const [i, question] of questions.entries()) {
    const standing = standings[i] ?? 'not_a_member';
    for (const index of question.indexes) {
      const row = batch.rows[index];
      if (typeof standing === 'string') refuse(index, standing);
      else if (row !== undefined) batch.rows[index] = { ...row, membersVersion: standing };
    }
  }
}
