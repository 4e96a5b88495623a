import { createConnection } from 'mysql2/promise';
import type { MysqlAddress } from '../peers/plain-store-mysql.ts';

/** Users with many conversations, half of them personal and half groups of two, each with one message that both have. */
export interface ResumeUser {
  readonly userId: number;
  readonly personal: readonly number[];
  readonly groups: readonly number[];
}

/** Head of each of the conversations. */
export const RESUME_HEAD = 1;

/**
 * Writes them straight into the tables, since opening tens of thousands of conversations by frames would take minutes. No two of the users share a conversation, so a node
 * that knows one has nothing of the next.
 */
export async function writeResumeUsers(
  mysql: MysqlAddress,
  options: { readonly users: number; readonly conversations: number; readonly userBase: number },
): Promise<ResumeUser[]> {
  const { users, conversations, userBase } = options;
  const connection = await createConnection({ ...mysql });
  try {
    const [[bounds]] = (await connection.query(
      'SELECT COALESCE(MAX(id), 0) AS last FROM conversations',
    )) as unknown as [[{ last: number }]];
    const peer = userBase + users;
    const total = users * conversations;
    const run = (sql: string): Promise<unknown> => connection.query(sql);
    const numbers = `seq_0_to_${total - 1}`;
    const first = Number(bounds.last) + 1;
    const isGroup = 'seq % 2';
    const owner = `${userBase} + seq DIV ${conversations}`;
    // Each conversation of a user has a peer of its own; the users' peers are the same people.
    const other = `${peer} + seq % ${conversations}`;
    await run(
      `INSERT INTO users (id, name) SELECT ${userBase} + seq, CONCAT('User ', ${userBase} + seq) FROM seq_0_to_${users + conversations - 1}`,
    );
    await run(`INSERT INTO conversations (id, kind, name, pair_key, last_seq, members_version)
      SELECT ${first} + seq, IF(${isGroup}, 'group', 'personal'), IF(${isGroup}, 'resume', ''),
        IF(${isGroup}, NULL, CONCAT(${owner}, ':', ${other})), ${RESUME_HEAD}, 1 FROM ${numbers}`);
    for (const user of [owner, other]) {
      await run(`INSERT INTO members (user_id, conversation_id, delivered_seq, delivered_at)
        SELECT ${user}, ${first} + seq, ${RESUME_HEAD}, UTC_TIMESTAMP(6) FROM ${numbers}`);
    }
    await run(`INSERT INTO messages (conversation_id, seq, sender_id, recipient_id, client_id, body, sent_at)
      SELECT ${first} + seq, ${RESUME_HEAD}, ${other}, IF(${isGroup}, NULL, ${owner}), 'resume', 'hello', UTC_TIMESTAMP(6) FROM ${numbers}`);
    return Array.from({ length: users }, (_, index) => {
      const ids = Array.from({ length: conversations }, (__, at) => first + index * conversations + at);
      // Numbered from 0 over all users, as `seq`.
      const group = (id: number): boolean => (id - first) % 2 === 1;
      return {
        userId: userBase + index,
        personal: ids.filter((id) => !group(id)),
        groups: ids.filter(group),
      };
    });
  } finally {
    await connection.end();
  }
}
