import type { CommitBatch } from './commit-batch.ts';
import type { PendingSend } from './group-commit.ts';
import type { ConversationId, UserId } from './types.ts';

/** Reads at the same time, so that one flush does not take a whole connection pool. */
const MAX_CONCURRENT_READS = 16;

/**
 * Gives the batch's rows of the conversations the members' version of now, asking once per (user, conversation); `refuse` is called for
 * the rows whose sender is not a member any more. Rejects when a read rejects, and has then changed nothing.
 */
export async function refreshVersions(
  batch: CommitBatch<PendingSend>,
  conversationIds: ReadonlySet<ConversationId>,
  currentMembersVersion: (userId: UserId, conversationId: ConversationId) => Promise<number | null>,
  refuse: (index: number) => void,
): Promise<void> {
  const asked = new Map<string, { userId: UserId; conversationId: ConversationId; indexes: number[] }>();
  batch.eachOf(conversationIds, (row, index) => {
    const key = `${row.senderId}:${row.conversationId}`;
    const known = asked.get(key);
    if (known !== undefined) known.indexes.push(index);
    else asked.set(key, { userId: row.senderId, conversationId: row.conversationId, indexes: [index] });
  });

  const questions = [...asked.values()];
  const versions: (number | null)[] = [];
  for (let at = 0; at < questions.length; at += MAX_CONCURRENT_READS) {
    const page = questions.slice(at, at + MAX_CONCURRENT_READS);
    versions.push(...(await Promise.all(page.map((q) => currentMembersVersion(q.userId, q.conversationId)))));
  }

  for (const [i, question] of questions.entries()) {
    const version = versions[i] ?? null;
    for (const index of question.indexes) {
      const row = batch.rows[index];
      if (version === null) refuse(index);
      else if (row !== undefined) batch.rows[index] = { ...row, membersVersion: version };
    }
  }
}
