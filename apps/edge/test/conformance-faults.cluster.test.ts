import { RULES, runConformance, selectRules } from '@parley/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, FaultyProxy } from './support/faulty-proxy.ts';
import type { Target } from './support/target.ts';
import { startEmbedded } from './support/target-embedded.ts';

type Frame = Record<string, unknown> & { readonly type?: string };

/** Every frame of one of these types becomes what `change` makes of it. */
const changed =
  (types: readonly string[], change: (frame: Frame) => unknown): Fault =>
  () =>
  (text) => {
    const frame = JSON.parse(text) as Frame;
    return [types.includes(frame.type ?? '') ? JSON.stringify(change(frame)) : text];
  };

/** Of the frames of this type, every second one meets with `fate`. */
const everySecond =
  (type: string, fate: (frame: string) => readonly string[]): Fault =>
  () => {
    let count = 0;
    return (text) => (typeOf(text) === type && ++count % 2 === 0 ? fate(text) : [text]);
  };

/** Two messages in a row come the other way round. */
const swapped: Fault = () => {
  let held: string | null = null;
  return (text) => {
    if (held !== null) {
      const pair = [text, held];
      held = null;
      return pair;
    }
    if (typeOf(text) !== 'personal') return [text];
    held = text;
    return [];
  };
};

/** Each status is followed by the one before it. */
const backwards: Fault = () => {
  let last: string | null = null;
  return (text) => {
    if (typeOf(text) !== 'status') return [text];
    const told = last === null ? [text] : [text, last];
    last = text;
    return told;
  };
};

const typeOf = (text: string): string | undefined => (JSON.parse(text) as Frame).type;

/** What a server does wrong, and rules that must notice. */
type Wrong = readonly [what: string, fault: Fault, red: readonly string[], closeCode?: number];

const FAULTS: readonly Wrong[] = [
  ['loses every second message', everySecond('personal', () => []), ['V321', 'V601', 'V606']],
  ['tells every second message twice', everySecond('personal', (text) => [text, text]), ['V321', 'V601', 'V606']],
  ['changes the order of two messages', swapped, ['V321', 'V601', 'V607']],
  ['answers every second ping twice', everySecond('pong', (text) => [text, text]), ['V201', 'V1001']],
  ['does not answer every second ping', everySecond('pong', () => []), ['V201', 'V1001']],
  ['adds a field', changed(['welcome'], (frame) => ({ ...frame, motd: 'hi' })), ['V101', 'V320']],
  ['leaves a field out', changed(['ack'], ({ timestamp: _left, ...frame }) => frame), ['V320']],
  [
    'writes a number as a text',
    changed(['personal'], (frame) => ({ ...frame, seq: `${frame.seq}` })),
    ['V320', 'V401'],
  ],
  ['puts seq first', changed(['personal'], ({ seq, ...frame }) => ({ seq, ...frame })), ['V320', 'V401']],
  ['names another sender', changed(['personal'], (frame) => ({ ...frame, sender_id: 1 })), ['V320', 'V401']],
  ['keeps the ref to itself', changed(['pong'], ({ ref: _kept, ...frame }) => frame), ['V201']],
  ['does not own up to duplicates', changed(['ack'], ({ duplicate: _kept, ...frame }) => frame), ['V323', 'V324']],
  ['numbers from 0', changed(['ack'], (frame) => ({ ...frame, seq: Number(frame.seq) - 1 })), ['V320', 'V322']],
  ['lets statuses go back', backwards, ['V502', 'V503']],
  ['says too much was recovered', changed(['synced'], (frame) => ({ ...frame, recovered: 1 })), ['V602', 'V605']],
  [
    'never resets',
    changed(['reset'], ({ reason: _kept, ...frame }) => ({ ...frame, type: 'synced', recovered: 0 })),
    ['V609', 'V610'],
  ],
  ['calls errors temporary', changed(['error'], (frame) => ({ ...frame, temporary: true })), ['V206', 'V329']],
  [
    'says not_allowed for not_a_member',
    changed(['error'], (frame) => ({ ...frame, code: 3008, name: 'not_allowed' })),
    ['V329', 'V708'],
  ],
  ['always says that there is more', changed(['history'], (frame) => ({ ...frame, more: true })), ['V704']],
  ['counts nothing as unread', changed(['conversations'], withoutUnread), ['V703']],
  ['closes with another code', () => (text) => [text], ['V111', 'V120'], 4004],
];

function withoutUnread(frame: Frame): Frame {
  const conversations = frame.conversations as readonly object[] | undefined;
  return conversations === undefined
    ? frame
    : { ...frame, conversations: conversations.map((one) => ({ ...one, unread: 0 })) };
}

/** What is waited for in vain is not waited for long: a frame that was lost does not come. */
const PATIENCE_MS = 3_000;

describe('a server that is wrong', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startEmbedded();
  });
  afterAll(() => target?.stop());

  async function outcomes(url: string, ids: readonly string[], patienceMs: number): Promise<Record<string, string>> {
    const { rules } = selectRules(RULES, ids);
    const results = await runConformance({ urls: [url], rules, patienceMs });
    return Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]));
  }

  const all = [...new Set(FAULTS.flatMap(([, , red]) => red))];

  it('and a proxy that changes nothing: every one of these rules is green', async () => {
    const proxy = await FaultyProxy.start(target.nodes[0]?.url ?? '', () => (text) => [text]);
    const green = Object.fromEntries(all.map((id) => [id, 'passed']));
    expect(await outcomes(proxy.url, all, 20_000)).toEqual(green);
    await proxy.stop();
  });

  it.concurrent.for(FAULTS)('%s: the rules say so', async ([_what, fault, red, closeCode]) => {
    const proxy = await FaultyProxy.start(target.nodes[0]?.url ?? '', fault, closeCode);
    expect(await outcomes(proxy.url, red, PATIENCE_MS)).toEqual(Object.fromEntries(red.map((id) => [id, 'failed'])));
    await proxy.stop();
  });
});
