import { describe, expect, it } from 'vitest';
import { Coalescer } from './coalescer.ts';
import { StoreError } from './ports/message-store.ts';

describe('Coalescer', () => {
  it('asks at once, and puts what comes meanwhile into one next call', async () => {
    const calls: number[][] = [];
    const release: (() => void)[] = [];
    const coalescer = new Coalescer<number, string>(100, async (questions) => {
      calls.push([...questions]);
      await new Promise<void>((resolve) => release.push(resolve));
      return questions.map((question) => `answer ${question}`);
    });
    const first = coalescer.ask(1);
    await Promise.resolve();
    await Promise.resolve();
    const rest = [coalescer.ask(2), coalescer.ask(3), coalescer.ask(2)];
    expect(calls).toEqual([[1]]);
    release[0]?.();
    expect(await first).toBe('answer 1');
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(calls).toEqual([[1], [2, 3, 2]]);
    release[1]?.();
    expect(await Promise.all(rest)).toEqual(['answer 2', 'answer 3', 'answer 2']);
  });

  it('G8: asks for no more than its bound at a time', async () => {
    const sizes: number[] = [];
    const coalescer = new Coalescer<number, number>(4, async (questions) => {
      sizes.push(questions.length);
      return questions;
    });
    expect(await Promise.all(Array.from({ length: 10 }, (_, n) => coalescer.ask(n)))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('fails only who asked in the failing call', async () => {
    let calls = 0;
    const coalescer = new Coalescer<number, number>(2, async (questions) => {
      if (++calls === 1) throw new Error('no');
      return questions;
    });
    const answers = await Promise.allSettled([coalescer.ask(1), coalescer.ask(2), coalescer.ask(3)]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('G8: while the store is away, what waits fails with the call that it waits for', async () => {
    let calls = 0;
    const coalescer = new Coalescer<number, number>(2, async (questions) => {
      if (++calls === 1) throw new StoreError('away', { outcome: 'not_committed', retryable: true });
      return questions;
    });
    const waiting = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => coalescer.ask(n)));
    expect(new Set(waiting.map((answer) => answer.status))).toEqual(new Set(['rejected']));
    expect(calls).toBe(1);
    expect(await coalescer.ask(7)).toBe(7);
  });
});
