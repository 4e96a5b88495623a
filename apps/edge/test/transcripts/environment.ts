import { describe, expect, it } from 'vitest';
import { expectNext, initPersonal, say } from '../support/chat.ts';
import { EdgeProcess } from '../support/edge-process.ts';
import { TEST_SETTINGS } from '../support/target.ts';
import type { ClusterTarget } from '../support/target-cluster.ts';

const NAMES = ['mysql_host', 'mysql_port', 'mysql_user', 'mysql_password', 'db_name'];

/** L16, on a cluster: its own nodes run on the names in lower case. */
export function environmentTranscripts(target: () => ClusterTarget): void {
  describe('the original’s environment names', () => {
    it('L16: mysql_host, mysql_user, mysql_password and db_name work in upper case too, on the same data', async () => {
      const entries = Object.entries(target().serviceEnv);
      const upper = entries.map(([name, value]) => [NAMES.includes(name) ? name.toUpperCase() : name, value]);
      const lower = NAMES.map((name) => [name, '']);
      const node = await target().startNode(Object.fromEntries([...lower, ...upper]) as Record<string, string>);
      const [a, b] = target().newUsers(2);
      const [alice, bob] = [await target().connect(a), await target().connect(b, { node })];
      const conversation = await initPersonal(alice, [a, b]);
      await say(alice, 'personal', conversation, 'to the node in upper case');
      await expectNext(bob, 'to the node in upper case');
      const id = await say(bob, 'personal', conversation, 'to the node in lower case');
      await expectNext(alice, 'to the node in lower case');
      expect(await target().store.message(id)).toMatchObject({ conversationId: conversation, senderId: b });
    });

    it('L16: a node says which of them it misses', async () => {
      const { mysql_host, mysql_port, REDIS_URL } = target().serviceEnv as Record<string, string>;
      const given = { mysql_host, mysql_port, REDIS_URL } as Record<string, string>;
      const node = new EdgeProcess({ ...TEST_SETTINGS, ...given });
      expect(await node.exited).toBe(1);
      expect(node.stderr).toContain('mysql_host, mysql_port set without mysql_user, db_name');
    });

    it('L16: a node does not guess between two that differ', async () => {
      const node = new EdgeProcess({ ...TEST_SETTINGS, ...target().serviceEnv, DB_NAME: 'another' });
      expect(await node.exited).toBe(1);
      expect(node.stderr).toContain('db_name and DB_NAME are both set, and differ');
    });
  });
}
