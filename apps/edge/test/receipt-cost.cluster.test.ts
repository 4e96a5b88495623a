import {
  type LoadClients,
  type LoadConversation,
  newUserId,
  Random,
  runReceiptLoad,
  testSeed,
} from '@parley/core/testing';
import { type MariadbService, startMariadb } from '@parley/local-services';
import { openMysqlStore, type SqlStores } from '@parley/store-sql';
import type { RowDataPacket } from 'mysql2';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WARM_UP_SECONDS = 2;
const SECONDS = 5;
const HEAD = 1_000_000;

/** What receipts cost a MariaDB that has nothing else to do, by its own counters: rows written per message (issue 4: at most 0.05 at full load). */
describe('row writes of receipts', () => {
  const seed = testSeed();
  let server: MariadbService;
  let stores: SqlStores;
  let connection: Connection;
  beforeAll(async () => {
    server = await startMariadb({ variables: { userstat: '1' } });
    const { host, port, user, password, database } = server;
    stores = await openMysqlStore({ host, port, user, password, database });
    await stores.migrate();
    connection = await createConnection({ host, port, user, password, database });
  });
  afterAll(async () => {
    await connection.end();
    await stores.close();
    await server.stop();
  });

  /** By the server's own count of rows inserted, updated and deleted, in each table. */
  const written = async (): Promise<number> => {
    const [rows] = await connection.query<(RowDataPacket & { changed: number })[]>(
      `SELECT COALESCE(SUM(rows_changed), 0) AS changed FROM information_schema.table_statistics WHERE table_schema = DATABASE()`,
    );
    return Number(rows[0]?.changed);
  };

  const conversations = async (pairs: number, groups: number): Promise<LoadConversation[]> => {
    const opened: LoadConversation[] = [];
    for (let i = 0; i < pairs + groups; i += 1) {
      const kind = i < pairs ? 'personal' : 'group';
      const members = Array.from({ length: kind === 'personal' ? 2 : 10 }, newUserId);
      const [first = 0, second = 0] = members;
      await stores.conversations.ensureUsers(members);
      const group = { creatorId: first, memberIds: members, name: 'G', description: '', history: false };
      const init =
        kind === 'personal'
          ? await stores.conversations.openPersonal(first, second)
          : await stores.conversations.createGroup(group);
      if (!init.ok) throw new Error('not opened');
      opened.push({ conversationId: init.conversationId, kind, members });
    }
    // Receipts go no further than the head.
    await connection.query('UPDATE conversations SET last_seq = ?', [HEAD]);
    return opened;
  };

  const cases: { clients: LoadClients; pairs: number; groups: number; perSecond: number; atMost: number }[] = [
    { clients: 'legacy', pairs: 200, groups: 0, perSecond: 100, atMost: 0.05 },
    { clients: 'current', pairs: 200, groups: 0, perSecond: 100, atMost: 0.05 },
    { clients: 'current and seeing', pairs: 200, groups: 0, perSecond: 100, atMost: 0.05 },
    // A message of a group reaches nine: per delivery it is a ninth of this.
    { clients: 'current and seeing', pairs: 100, groups: 20, perSecond: 160, atMost: 0.05 },
  ];
  for (const { clients, pairs, groups, perSecond, atMost } of cases) {
    const load = `${pairs} pairs, ${groups} groups of ten, ${(pairs + groups) * perSecond} messages/s, ${clients}`;
    it(`${load}: at most ${atMost} per message (seed ${seed})`, async ({ annotate }) => {
      const random = new Random(seed);
      const counts: number[] = [];
      const report = await runReceiptLoad({
        ...{ store: stores.receipts, conversations: await conversations(pairs, groups), clients, random },
        ...{ messagesPerSecond: perSecond, warmUpSeconds: WARM_UP_SECONDS, seconds: SECONDS },
        onMeasure: async () => {
          counts.push(await written());
        },
      });
      const [before, after] = counts;
      if (before === undefined || after === undefined) throw new Error('not measured');
      const rows = after - before;
      const perMessage = rows / report.messages;
      const { messages, receipts, calls } = report;
      await annotate(
        `${load}: ${perMessage.toFixed(4)} rows/message (${messages} messages, ${receipts} receipts said, ${rows} rows written in ${calls} calls)`,
      );
      expect(receipts).toBeGreaterThan(clients === 'legacy' ? 1_500 : 10_000);
      expect(perMessage).toBeGreaterThan(0);
      expect(perMessage).toBeLessThanOrEqual(atMost);
    });
  }
});
