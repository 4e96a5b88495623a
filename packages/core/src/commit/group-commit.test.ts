import { describe, expect, it } from 'vitest';
import { createMemoryStores } from '../memory/memory-stores.ts';
import { type AppendRow, StoreError } from '../ports/message-store.ts';
import { CommitBench } from '../testing/commit-bench.ts';
import type { SendOutcome } from './pending-send.ts';

describe('batching', () => {
  it('commits what arrives in one turn together, publishes it, then settles it, without a timer (G1)', async () => {
    const bench = new CommitBench();
    bench.send('a b c');
    expect(bench.calls).toEqual([]);
    expect(bench.commit.queuedRows).toBe(3);
    bench.clock.tick();
    expect(bench.calls).toEqual(['a b c']);
    expect(bench.clock.pendingTimers).toBe(0);
    await bench.clock.settle();
    expect(bench.events).toEqual(['publish a=1 b=2 c=3', 'settle a stored', 'settle b stored', 'settle c stored']);
    expect(bench.outcomes.get('b')).toMatchObject({ kind: 'stored', seq: 2, messageId: 2 });
    expect(bench.committed).toEqual([3]);
    expect(bench.commit.queuedRows).toBe(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('collects the next batch while one is under way, and begins it before publishing the first', async () => {
    const bench = new CommitBench();
    const open = bench.store.hold();
    bench.send('a');
    await bench.clock.settle();
    bench.send('b c');
    await bench.clock.settle();
    bench.send('d');
    await bench.clock.settle();
    expect(bench.calls).toEqual(['a']);
    let callsWhenPublished = 0;
    bench.onSettle = () => {
      callsWhenPublished ||= bench.calls.length;
    };
    open();
    await bench.clock.settle();
    expect(bench.calls).toEqual(['a', 'b c d']);
    expect(callsWhenPublished).toBe(2);
    expect(bench.events.filter((event) => event.startsWith('publish'))).toEqual(['publish a=1', 'publish b=2 c=3 d=4']);
    expect(bench.store.maxRunning).toBe(1);
  });

  it('keeps to the rows and bytes of a batch; what is bigger than a batch goes alone (G8)', async () => {
    const bench = new CommitBench();
    bench.send('a b c d e');
    bench.send('f g', { body: 'x'.repeat(600) });
    bench.send('big', { body: 'x'.repeat(5_000) });
    bench.send('h');
    await bench.clock.settle();
    expect(bench.calls).toEqual(['a b c d', 'e f', 'g', 'big', 'h']);
  });

  it('counts bytes, not characters', async () => {
    const bench = new CommitBench();
    bench.send('a b', { body: '€'.repeat(200) });
    await bench.clock.settle();
    expect(bench.calls).toEqual(['a', 'b']);
  });

  it('takes what is submitted while it settles', async () => {
    const bench = new CommitBench();
    bench.onSettle = (id) => {
      if (id === 'a') bench.send('b');
      if (id === 'b') bench.send('c');
    };
    bench.send('a');
    await bench.clock.settle();
    expect(bench.stored()).toBe('a b c');
    expect(bench.commit.queuedRows).toBe(0);
  });

  it('goes on when publishing or settling throws', async () => {
    const bench = new CommitBench();
    bench.onSettle = (id) => {
      if (id === 'a') throw new Error('a bug of the session');
    };
    bench.onPublish = () => {
      throw new Error('a bug of the publisher');
    };
    bench.send('a b');
    await bench.clock.settle();
    expect(bench.events).toEqual(['publish a=1 b=2', 'settle a stored', 'settle b stored']);
    bench.send('c');
    await bench.clock.settle();
    expect(bench.outcomes.get('c')).toMatchObject({ kind: 'stored', seq: 3 });
    expect(bench.commit.queuedRows).toBe(0);
  });

  it('puts a conversation on one lane always, and spreads conversations over the lanes', async () => {
    const bench = new CommitBench({ lanes: 4, maxBatchRows: 512, maxBatchBytes: 1_000_000, maxLaneRows: 1_000 });
    const hold = bench.store.hold();
    for (let id = 1; id <= 400; id += 1) {
      bench.send(`${id}-a`, { conversationId: id });
      bench.send(`${id}-b`, { conversationId: id });
    }
    bench.clock.tick();
    expect(bench.calls).toHaveLength(4);
    for (const rows of bench.store.calls) {
      expect(rows.length).toBeGreaterThan(120);
      expect(rows.length).toBeLessThan(280);
      const perConversation = new Map<number, number>();
      for (const row of rows) {
        perConversation.set(row.conversationId, (perConversation.get(row.conversationId) ?? 0) + 1);
      }
      expect(new Set(perConversation.values())).toEqual(new Set([2]));
    }
    hold();
    await bench.clock.settle();
    expect(bench.outcomes.size).toBe(800);
  });

  it('refuses settings that cannot work', () => {
    for (const wrong of [{ lanes: 0 }, { maxBatchRows: 513 }, { maxLaneRows: 0.5 }, { maxLaneBytes: Number.NaN }]) {
      expect(() => new CommitBench(wrong)).toThrow(RangeError);
    }
  });
});

describe('duplicates (G3)', () => {
  it('tells a repeated send the first numbers and does not publish it; another body is a conflict', async () => {
    const bench = new CommitBench();
    bench.send('a');
    await bench.clock.settle();
    bench.events.length = 0;
    bench.commit.submit({ row: bench.row('a'), settle: (outcome) => void bench.outcomes.set('again', outcome) });
    bench.commit.submit({
      row: bench.row('a', { body: 'other' }),
      settle: (outcome) => void bench.outcomes.set('other', outcome),
    });
    await bench.clock.settle();
    expect(bench.outcomes.get('again')).toMatchObject({ kind: 'duplicate', seq: 1, messageId: 1 });
    expect(bench.outcomes.get('other')).toEqual({ kind: 'refused', error: 'client_id_conflict' });
    expect(bench.events).toEqual([]);
    expect(bench.committed).toEqual([1]);
  });

  for (const step of ['ok', 'unknown_committed', 'unknown_lost'] as const) {
    it(`handles one send three times in one batch, one of them with another body (first call: ${step})`, async () => {
      const stores = createMemoryStores();
      await stores.conversations.ensureUsers([1, 2]);
      const opened = await stores.conversations.openPersonal(1, 2);
      if (!opened.ok) throw new Error('no conversation');
      const { conversationId } = opened;
      const membership = await stores.conversations.membership(1, conversationId);
      let failing = step !== 'ok';
      const bench = new CommitBench(
        {},
        {
          append: async (rows) => {
            if (failing && step === 'unknown_committed') await stores.messages.append(rows);
            if (failing) {
              failing = false;
              throw new StoreError('lost', { outcome: 'unknown', retryable: true });
            }
            return stores.messages.append(rows);
          },
        },
      );
      const row: Partial<AppendRow> = {
        conversationId,
        kind: 'personal',
        senderId: 1,
        recipientId: 2,
        membersVersion: membership?.membersVersion ?? -1,
      };
      const outcomes: SendOutcome[] = [];
      for (const body of ['x', 'x', 'y']) {
        bench.commit.submit({
          row: bench.row('same', { ...row, body }),
          settle: (outcome) => void outcomes.push(outcome),
        });
      }
      await bench.clock.advanceAsync(1_000);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['stored', 'duplicate', 'refused']);
      expect(outcomes[0]).toMatchObject({ seq: 1 });
      expect(outcomes[1]).toMatchObject({ seq: 1 });
      expect(outcomes[2]).toEqual({ kind: 'refused', error: 'client_id_conflict' });
      expect(bench.events).toEqual(['publish same=1']);
      expect((await stores.messages.heads([conversationId])).get(conversationId)).toBe(1);
    });
  }
});
