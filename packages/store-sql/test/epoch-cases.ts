import { commit, Room } from '@parley/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlStores } from '../src/index.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What `parley epoch` relies on, on every dialect. `another`: a second opening of the same database, or the same where there can be only one. */
export function epochCases(
  dialect: string,
  open: () => Promise<{ stores: SqlStores; another: SqlStores; close: () => Promise<void> }>,
): void {
  describe(`the epoch on ${dialect}`, () => {
    let stores: SqlStores;
    let another: SqlStores;
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ stores, another, close } = await open());
      await stores.migrate();
    });
    afterAll(() => close());

    it('stays until it is renewed, and is then new for everybody', async () => {
      const first = await stores.epoch();
      expect(await another.epoch()).toBe(first);
      const change = await stores.renewEpoch();
      expect(change).toEqual({ before: first, after: expect.stringMatching(UUID) });
      expect(change.after).not.toBe(first);
      expect([await stores.epoch(), await another.epoch()]).toEqual([change.after, change.after]);
      // To bring the schema up to date makes no new history.
      await stores.migrate();
      expect(await stores.epoch()).toBe(change.after);
    });

    it('changes nothing else', async () => {
      const room = await Room.personal(stores);
      await commit(stores.messages, room.rows(3));
      await stores.renewEpoch();
      expect(await commit(stores.messages, room.rows(1))).toMatchObject([{ kind: 'stored', seq: 4 }]);
      await stores.assertSchema();
    });

    it('is renewed one by one by operators who do it at the same time', async () => {
      const first = await stores.epoch();
      const changes = await Promise.all(Array.from({ length: 6 }, (_, n) => (n % 2 ? stores : another).renewEpoch()));
      const after = new Map(changes.map((change) => [change.before, change.after]));
      expect(after.size).toBe(6);
      let at = first;
      for (let n = 0; n < 6; n++) at = after.get(at) ?? 'nobody was told of it';
      expect(await stores.epoch()).toBe(at);
    });
  });
}
