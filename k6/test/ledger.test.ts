import { describe, expect, test } from 'vitest';
import { decodeBody, encodeBody } from '../lib/body.ts';
import { type Findings, noFindings } from '../lib/findings.ts';
import { type Device, Ledger } from '../lib/ledger.ts';
import { readSettings } from '../lib/settings.ts';

const CONVERSATION = 5;
const [ALICE, BOB, CAROL, CAROLS_PHONE] = [0, 1, 2, 3];

const device = (index: number): Device => ({ index, userId: index === CAROLS_PHONE ? CAROL : index });

/** A conversation in which Alice sends to Bob and Carol; `acknowledged` messages have ids 101, 102 … */
function conversation(acknowledged: number) {
  const ledger = new Ledger();
  const channel = ledger.openChannel(CONVERSATION, device(ALICE), [device(BOB), device(CAROL)]);
  for (let number = 1; number <= acknowledged; number++) {
    ledger.send(channel);
    ledger.acknowledge(channel, number, 100 + number);
  }
  const arrive = (seat: number, numbers: readonly number[], epoch = 1): void => {
    for (const number of numbers) ledger.receive(seat, epoch, CONVERSATION, { channel, number }, 100 + number);
  };
  return { ledger, channel, arrive };
}

const faults = (ledger: Ledger): Partial<Findings> => {
  const { lost, duplicated, outOfOrder, mismatched, phantom } = ledger.close();
  const all = { lost, duplicated, outOfOrder, mismatched, phantom };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
};

describe('ledger', () => {
  test('finds nothing when everything arrives in order', () => {
    const { ledger, arrive } = conversation(3);
    arrive(BOB, [1, 2, 3]);
    expect(ledger.outstanding()).toBe(3);
    arrive(CAROL, [1, 2, 3]);
    expect(ledger.outstanding()).toBe(0);
    expect(faults(ledger)).toEqual({});
    expect(ledger.findings).toEqual({ ...noFindings(), sent: 3, acknowledged: 3, delivered: 6 });
  });

  test.each([
    ['in the middle', [1, 3]],
    ['at the end', [1, 2]],
    ['at the start', [2, 3]],
  ])('counts a message lost %s, per receiver', (_where, numbers) => {
    const { ledger, arrive } = conversation(3);
    arrive(BOB, numbers);
    arrive(CAROL, [1, 2, 3]);
    expect(faults(ledger)).toEqual({ lost: 1 });
  });

  test('counts a message that comes twice on one connection', () => {
    const { ledger, arrive } = conversation(3);
    arrive(BOB, [1, 2, 2, 3]);
    arrive(CAROL, [1, 2, 3, 1]);
    expect(faults(ledger)).toEqual({ duplicated: 2 });
  });

  test('counts a message stored twice: the same body under another id, also on a later connection', () => {
    const { ledger, channel, arrive } = conversation(1);
    arrive(BOB, [1]);
    arrive(CAROL, [1]);
    ledger.receive(BOB, 2, CONVERSATION, { channel, number: 1 }, 999);
    expect(faults(ledger)).toEqual({ duplicated: 1 });
  });

  test('counts swapped messages once, and none of them as lost', () => {
    const { ledger, arrive } = conversation(4);
    arrive(BOB, [1, 3, 2, 4]);
    arrive(CAROL, [1, 2, 3, 4]);
    expect(faults(ledger)).toEqual({ outOfOrder: 1 });
  });

  test('counts messages of two senders in another order than that of their ids', () => {
    const ledger = new Ledger();
    const alice = ledger.openChannel(CONVERSATION, device(ALICE), [device(CAROL)]);
    const bob = ledger.openChannel(CONVERSATION, device(BOB), [device(CAROL)]);
    for (const channel of [alice, bob]) ledger.send(channel);
    ledger.acknowledge(alice, 1, 101);
    ledger.acknowledge(bob, 1, 102);
    ledger.receive(CAROL, 1, CONVERSATION, { channel: bob, number: 1 }, 102);
    ledger.receive(CAROL, 1, CONVERSATION, { channel: alice, number: 1 }, 101);
    expect(faults(ledger)).toEqual({ outOfOrder: 1 });
  });

  test('takes what comes again on a new connection as a redelivery, and what comes late on it as in order', () => {
    const { ledger, arrive } = conversation(4);
    arrive(CAROL, [1, 2, 3, 4]);
    arrive(BOB, [1, 2]);
    arrive(BOB, [2, 3, 4], 2);
    expect(faults(ledger)).toEqual({});
    expect(ledger.findings).toMatchObject({ redelivered: 1, delivered: 8 });
  });

  describe('of a user with two devices, one of which was away', () => {
    /** Message 1 is sent by `sender` while the phone is away, 2 after it has come back. */
    function phoneAway(sender: number) {
      const ledger = new Ledger();
      const receivers = [CAROL, CAROLS_PHONE].filter((seat) => seat !== sender).map(device);
      const channel = ledger.openChannel(CONVERSATION, device(sender), receivers);
      const send = (number: number): void => {
        ledger.send(channel);
        ledger.acknowledge(channel, number, 100 + number);
      };
      const arrive = (seat: number, number: number, epoch = 1): void => {
        ledger.receive(seat, epoch, CONVERSATION, { channel, number }, 100 + number);
      };
      send(1);
      ledger.signedIn(CAROLS_PHONE);
      send(2);
      return { ledger, arrive };
    }

    test('owes the device nothing that its user has sent meanwhile', () => {
      const { ledger, arrive } = phoneAway(CAROL);
      expect(ledger.outstanding()).toBe(1);
      arrive(CAROLS_PHONE, 2, 2);
      expect(faults(ledger)).toEqual({});
    });

    test('owes it nothing that the other device has', () => {
      const { ledger, arrive } = phoneAway(ALICE);
      arrive(CAROL, 1);
      arrive(CAROL, 2);
      arrive(CAROLS_PHONE, 2, 2);
      expect(faults(ledger)).toEqual({});
    });

    test('takes it when it comes all the same, once', () => {
      const { ledger, arrive } = phoneAway(CAROL);
      arrive(CAROLS_PHONE, 1, 2);
      arrive(CAROLS_PHONE, 2, 2);
      arrive(CAROLS_PHONE, 1, 2);
      expect(faults(ledger)).toEqual({ duplicated: 1 });
    });

    test('counts what neither device has got, and what the device has missed since', () => {
      const { ledger, arrive } = phoneAway(ALICE);
      arrive(CAROL, 2);
      expect(ledger.outstanding()).toBe(3);
      arrive(CAROLS_PHONE, 1, 2);
      expect(faults(ledger)).toEqual({ lost: 2 });
    });
  });

  test('owes nobody what was not acknowledged, and takes it when it comes all the same', () => {
    const { ledger, channel, arrive } = conversation(1);
    ledger.send(channel);
    ledger.send(channel);
    ledger.forget();
    ledger.forget();
    arrive(BOB, [1, 2]);
    arrive(CAROL, [1]);
    expect(ledger.outstanding()).toBe(0);
    expect(faults(ledger)).toEqual({});
    expect(ledger.findings.unknown).toBe(2);
  });

  test('a message that was refused must not arrive', () => {
    const { ledger, channel, arrive } = conversation(0);
    ledger.send(channel);
    ledger.refuse(channel, 1);
    arrive(BOB, [1]);
    expect(faults(ledger)).toEqual({ phantom: 1 });
  });

  test('a message must not arrive at its own connection, at a stranger, in another conversation, or before it was sent', () => {
    const { ledger, channel, arrive } = conversation(1);
    arrive(ALICE, [1]);
    ledger.receive(BOB, 1, CONVERSATION + 1, { channel, number: 1 }, 101);
    arrive(BOB, [1, 2]);
    arrive(CAROL, [1]);
    expect(faults(ledger)).toEqual({ phantom: 3 });
  });

  test('swapped acknowledgements are found by the ids that arrive', () => {
    const ledger = new Ledger();
    const channel = ledger.openChannel(CONVERSATION, device(ALICE), [device(BOB)]);
    ledger.send(channel);
    ledger.send(channel);
    ledger.acknowledge(channel, 1, 102);
    ledger.acknowledge(channel, 2, 101);
    ledger.receive(BOB, 1, CONVERSATION, { channel, number: 1 }, 101);
    ledger.receive(BOB, 1, CONVERSATION, { channel, number: 2 }, 102);
    expect(faults(ledger)).toEqual({ mismatched: 2 });
  });
});

test('a body says what it is, at any size', () => {
  const stamp = { run: 'r1-0', channel: 3, number: 17, intendedMs: 1_700_000_000_123.4 };
  for (const size of [1, 400]) {
    const body = encodeBody(stamp, size);
    expect(body.length).toBeGreaterThanOrEqual(size);
    expect(decodeBody(body)).toEqual(stamp);
  }
  expect(decodeBody('Hello, how are you?')).toBeNull();
});

describe('settings', () => {
  test('have defaults that fit a local node', () => {
    expect(readSettings({})).toMatchObject({ urls: ['ws://127.0.0.1:3128'], pairs: 20, durationMs: 30_000 });
  });

  test.each([
    ['URLS', 'http://example'],
    ['PAIRS', '1.5'],
    ['DURATION', '30'],
    ['RATE', '-1'],
    ['VUS', '99'],
    ['GROUP_SIZE', '1'],
  ])('refuse %s=%s, by name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });
});
