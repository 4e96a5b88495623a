import { FakeClock } from '@parley/core/testing';
import { describe, expect, it } from 'vitest';
import { fullJitterMs, mayReconnect } from '../src/chat/backoff.ts';
import { Outbox, type Outcome } from '../src/chat/outbox.ts';

function setUp() {
  const clock = new FakeClock();
  const wire: string[] = [];
  const state = { open: true, silent: 0 };
  const outbox = new Outbox({
    clock,
    random: () => 0.5,
    send: (frame) => {
      if (state.open) wire.push(frame);
      return state.open;
    },
    onSilent: () => {
      state.silent++;
    },
  });
  const outcomes: Outcome[] = [];
  const submit = (frame: string, repeatable = false): void => {
    void outbox
      .submit({ frame, expects: repeatable ? 'ready' : 'ack', repeatable })
      .then((outcome) => outcomes.push(outcome));
  };
  return { clock, wire, state, outbox, outcomes, submit };
}
const ack = (messageId: number) => ({ kind: 'ack', messageId }) as const;
const error = (temporary: boolean, name = 'overloaded') =>
  ({ kind: 'error', name, message: 'why', temporary }) as const;

describe('outbox', () => {
  it('sends one at a time, so that each answer belongs to one message', async () => {
    const { clock, wire, outbox, outcomes, submit } = setUp();
    submit('a');
    submit('b');
    expect(wire).toEqual([]);
    outbox.onUp();
    expect(wire).toEqual(['a']);
    expect(outbox.onAnswer(ack(1))).toBe(true);
    expect(wire).toEqual(['a', 'b']);
    outbox.onAnswer(ack(2));
    await clock.settle();
    expect(outcomes.map((outcome) => outcome.ok && outcome.answer)).toEqual([ack(1), ack(2)]);
    expect(outbox.onAnswer(ack(3))).toBe(false);
    expect([outbox.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('calls a message unconfirmed when its connection goes, and sends those behind it on the next one', async () => {
    const { clock, wire, outbox, outcomes, submit } = setUp();
    outbox.onUp();
    submit('a');
    submit('b');
    outbox.onDown();
    await clock.settle();
    expect(outcomes).toEqual([{ ok: false, reason: 'unconfirmed' }]);
    outbox.onUp();
    expect(wire).toEqual(['a', 'b']);
  });

  it('makes a repeatable request again', () => {
    const { wire, outbox, submit } = setUp();
    outbox.onUp();
    submit('open', true);
    outbox.onDown();
    outbox.onUp();
    expect(wire).toEqual(['open', 'open']);
  });

  it('sends again after a temporary error, with backoff, at most 8 times, and holds back what is behind (L15)', async () => {
    const { clock, wire, outbox, outcomes, submit } = setUp();
    outbox.onUp();
    submit('a');
    submit('b');
    for (let attempt = 1; attempt <= 7; attempt++) {
      outbox.onError(error(true));
      expect(wire.length).toBe(attempt);
      await clock.advanceAsync(15_000);
      expect(wire).toEqual(Array(attempt + 1).fill('a'));
    }
    outbox.onError(error(true));
    await clock.settle();
    expect(outcomes).toEqual([{ ok: false, reason: 'refused', message: 'why' }]);
    expect(wire.at(-1)).toBe('b');
  });

  it('does not send again what a lasting error refused', async () => {
    const { clock, wire, outbox, outcomes, submit } = setUp();
    outbox.onUp();
    submit('a');
    outbox.onError(error(false, 'not_a_member'));
    await clock.settle();
    expect(outcomes).toEqual([{ ok: false, reason: 'refused', message: 'why' }]);
    expect(wire).toEqual(['a']);
  });

  it('does not take the error of a seen frame for that of a message', async () => {
    const { clock, outbox, outcomes, submit } = setUp();
    outbox.onUp();
    submit('a');
    expect(outbox.onError(error(false, 'unknown_message'))).toBe(false);
    // A temporary one may belong to either: nobody may send the message a second time on that.
    outbox.sendSilent('seen');
    expect(outbox.onError(error(true))).toBe(true);
    await clock.settle();
    expect(outcomes).toEqual([{ ok: false, reason: 'unconfirmed' }]);
  });

  it('gives up on a connection that does not answer', () => {
    const { clock, state, outbox, submit } = setUp();
    outbox.onUp();
    submit('a');
    clock.advance(14_999);
    expect(state.silent).toBe(0);
    clock.advance(1);
    expect(state.silent).toBe(1);
  });

  it('leaves nothing undecided when it stops', async () => {
    const { clock, outbox, outcomes, submit } = setUp();
    outbox.onUp();
    submit('a');
    submit('b');
    outbox.stop();
    await clock.settle();
    expect(outcomes.map((outcome) => !outcome.ok && outcome.reason)).toEqual(['unconfirmed', 'refused']);
    expect([outbox.size, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe('backoff', () => {
  it('spreads over the whole interval, which doubles up to a cap', () => {
    expect([0, 1, 2, 20].map((attempt) => fullJitterMs(attempt, 0.999_999))).toEqual([249, 499, 999, 14_999]);
    expect(fullJitterMs(5, 0)).toBe(0);
  });

  it('honours the close codes: 4500 to 4999 are final', () => {
    expect([1000, 1006, 1012, 4001, 4002, 4499].every(mayReconnect)).toBe(true);
    expect([4500, 4501, 4999].some(mayReconnect)).toBe(false);
  });
});
