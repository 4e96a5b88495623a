import type { RowDataPacket } from 'mysql2';
import type { Pool } from 'mysql2/promise';
import type { LoadClient, LoadConnection } from './load-client.ts';

export interface StoredRow {
  readonly id: number;
  readonly conversationId: number;
  readonly seq: number;
  readonly senderId: number;
  readonly body: string;
  /** Null in a group. */
  readonly recipientId: number | null;
  /** Of a personal message; a group has its members' cursors instead. */
  readonly status: string;
}

/** All that the database holds of some conversations. */
export interface Stored {
  /** By conversation and seq. */
  readonly rows: readonly StoredRow[];
  readonly byId: ReadonlyMap<number, StoredRow>;
  readonly heads: ReadonlyMap<number, number>;
  readonly members: readonly {
    readonly conversationId: number;
    readonly userId: number;
    readonly deliveredSeq: number;
  }[];
}

export async function readStored(database: Pool, conversationIds: readonly number[]): Promise<Stored> {
  const query = async <Row>(sql: string): Promise<Row[]> => {
    const [rows] = await database.query<RowDataPacket[]>(sql, [conversationIds]);
    return rows as Row[];
  };
  const rows = await query<StoredRow>(
    `SELECT m.id, m.conversation_id AS conversationId, m.seq, m.sender_id AS senderId, m.recipient_id AS recipientId, m.body,
     COALESCE(s.status, 'sent') AS status
     FROM messages m LEFT JOIN message_status s ON s.id = m.id WHERE m.conversation_id IN (?) ORDER BY m.conversation_id, m.seq`,
  );
  const heads = await query<{ id: number; head: number }>(
    'SELECT id, last_seq AS head FROM conversations WHERE id IN (?)',
  );
  const members = await query<Stored['members'][number]>(
    `SELECT conversation_id AS conversationId, user_id AS userId, delivered_seq AS deliveredSeq
     FROM members WHERE conversation_id IN (?)`,
  );
  return {
    rows,
    byId: new Map(rows.map((row) => [row.id, row])),
    heads: new Map(heads.map(({ id, head }) => [id, head])),
    members,
  };
}

/** What a client must have been given: everything of others; the user's own when another connection has sent it, and this one was always there. */
export function owed(client: LoadClient, stored: Stored): StoredRow[] {
  const mine = conversationsOf(client, stored);
  return stored.rows.filter((row) => mine.has(row.conversationId) && !mayMiss(client, row));
}

export const missing = (client: LoadClient, stored: Stored): StoredRow[] =>
  owed(client, stored).filter((row) => !client.received.has(row.id));

/** Everything that is wrong, in words; empty when every promise was kept. */
export function findProblems(clients: readonly LoadClient[], stored: Stored): string[] {
  return [
    ...sequenceProblems(stored),
    ...clients.flatMap((client) => [
      ...missing(client, stored).map((row) => `G4: ${client.name} never got ${shown(row)}`),
      ...deliveryProblems(client, stored),
    ]),
    ...sendProblems(clients, stored),
  ];
}

/** G2: each conversation is 1, 2, 3 … up to its head. */
function sequenceProblems({ rows, heads }: Stored): string[] {
  const problems: string[] = [];
  const counts = new Map<number, number>();
  for (const row of rows) {
    const seq = (counts.get(row.conversationId) ?? 0) + 1;
    counts.set(row.conversationId, seq);
    if (row.seq !== seq) problems.push(`G2: seq ${seq} of conversation ${row.conversationId} is ${row.seq}`);
  }
  for (const [id, head] of heads) {
    const count = counts.get(id) ?? 0;
    if (head !== count) problems.push(`G2: conversation ${id} has ${count} messages and a head of ${head}`);
  }
  return problems;
}

/** G1, G3: what was acknowledged is stored as that message, once; what was refused is not; nobody made anything up. */
function sendProblems(clients: readonly LoadClient[], { rows, byId }: Stored): string[] {
  const problems: string[] = [];
  const copies = new Map<string, number>();
  for (const { body } of rows) copies.set(body, (copies.get(body) ?? 0) + 1);
  for (const [body, count] of copies) if (count > 1) problems.push(`G3: ${count} copies of ${brief(body)}`);
  const sent = new Set<string>();
  for (const client of clients) {
    for (const connection of client.connections) {
      const last = new Map<number, number>();
      for (const { body, conversationId, messageId } of connection.acked) {
        sent.add(body);
        const row = byId.get(messageId);
        if (row === undefined || row.body !== body || row.conversationId !== conversationId) {
          problems.push(
            `G1: ${brief(body)} was acknowledged as ${messageId}, which is ${row ? shown(row) : 'nothing'}`,
          );
        } else {
          if (row.seq <= (last.get(conversationId) ?? 0)) problems.push(`G5: ${shown(row)} overtook an earlier send`);
          last.set(conversationId, row.seq);
        }
      }
      for (const { body, error } of connection.refused) {
        sent.add(body);
        if (copies.has(body)) problems.push(`L15: ${brief(body)} was refused (${error}) and is stored`);
      }
      for (const { body } of connection.unanswered) sent.add(body);
    }
  }
  for (const row of rows) if (!sent.has(row.body)) problems.push(`nobody has sent ${shown(row)}`);
  return problems;
}

/** G5: on each connection, each conversation in order without gap or duplicate, from where the earlier connections had ended. G7: nothing else. */
function deliveryProblems(client: LoadClient, stored: Stored): string[] {
  const problems: string[] = [];
  const mine = conversationsOf(client, stored);
  const owedRows = new Map([...mine].map((id): [number, StoredRow[]] => [id, []]));
  for (const row of owed(client, stored)) owedRows.get(row.conversationId)?.push(row);
  const before = new Set<number>();
  for (const [number, connection] of client.connections.entries()) {
    const where = `on connection ${number + 1} of ${client.name}`;
    /** Per conversation, the highest seq so far. */
    const at = new Map<number, number>();
    for (const { conversationId, messageId, body } of connection.frames) {
      const row = stored.byId.get(messageId);
      if (row === undefined || row.body !== body || !mine.has(conversationId)) {
        problems.push(`G7: message ${messageId} ${brief(body)} ${where} is not stored so, or not its user's`);
        continue;
      }
      const last = at.get(conversationId) ?? 0;
      at.set(conversationId, Math.max(last, row.seq));
      if (row.seq <= last) problems.push(`G5: ${shown(row)} came behind seq ${last} ${where}`);
      const skipped = between(owedRows.get(conversationId) ?? [], last, row.seq);
      const hole = skipped.filter(({ id }) => last > 0 || !before.has(id));
      if (hole.length > 0) problems.push(`G5: ${hole.length} messages are left out before ${shown(row)} ${where}`);
    }
    for (const { messageId } of connection.frames) before.add(messageId);
  }
  return problems;
}

/** Rows, sorted by seq, strictly between two seqs. */
function between(rows: readonly StoredRow[], above: number, below: number): StoredRow[] {
  if (below - above <= 1) return [];
  return rows.filter(({ seq }) => seq > above && seq < below);
}

const conversationsOf = (client: LoadClient, { members }: Stored): ReadonlySet<number> =>
  new Set(members.filter(({ userId }) => userId === client.userId).map(({ conversationId }) => conversationId));

/** A connection is not sent its own messages, and what the user has sent is pending for none of its later connections. */
function mayMiss(client: LoadClient, row: StoredRow): boolean {
  if (row.senderId !== client.userId) return false;
  return client.connections.length > 1 || row.body.startsWith(`${client.name} `);
}

/** G6: what is not stored as delivered: personal messages by their status, groups by their members' cursors. */
export function unproven({ rows, members }: Stored): string[] {
  const personal = rows.filter((row) => row.recipientId !== null && row.status === 'sent').map(shown);
  const behind = members.filter(({ conversationId, userId, deliveredSeq }) => {
    const last = rows.findLast((row) => row.conversationId === conversationId && row.senderId !== userId);
    return last !== undefined && last.recipientId === null && deliveredSeq < last.seq;
  });
  const cursors = behind.map(
    ({ conversationId, userId, deliveredSeq }) => `${userId} in ${conversationId}: ${deliveredSeq}`,
  );
  return [...personal, ...cursors];
}

/** The personal messages that one connection was given, and that are not stored as delivered. */
export const unprovenOf = (connection: LoadConnection, stored: Stored): StoredRow[] =>
  connection.frames
    .map(({ messageId }) => stored.byId.get(messageId))
    .filter((row) => row !== undefined)
    .filter(({ recipientId, status }) => recipientId !== null && status === 'sent');

const brief = (body: string): string => JSON.stringify(body.slice(0, 40));
const shown = ({ conversationId, seq, body }: StoredRow): string => `${conversationId}/${seq} ${brief(body)}`;
