import { CLOSE_CODES, ERROR_CODES, type ErrorName } from '@parley/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectNext, initGroup, initPersonal, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { StartTarget, Target } from '../support/target.ts';
import { BAD_FIRST_FRAMES } from './bad-first-frame.ts';
import { type BadInput, CANARY, type Scene, type Wire } from './bad-input.ts';
import { BAD_INITS, BAD_SEEN } from './bad-seen-and-inits.ts';
import { BAD_SENDS } from './bad-sends.ts';
import { BAD_SYNTAX } from './bad-syntax.ts';

const ROWS: readonly BadInput[] = [...BAD_SYNTAX, ...BAD_SENDS, ...BAD_SEEN, ...BAD_INITS, ...BAD_FIRST_FRAMES];

/** After each row: the right error or close code, nothing stored but what the row says, the connection alive, and others unharmed. */
export function badInputSuite(name: string, start: StartTarget): void {
  describe(`bad input to ${name}`, () => {
    let target: Target;
    let scene: Scene;
    let bad: LegacyClient;
    let bystanders: Bystanders;

    beforeAll(async () => {
      target = await start();
      scene = await setScene(target);
      bad = await target.connect(scene.me);
      bystanders = await Bystanders.meet(target);
    });
    afterAll(() => target?.stop());

    it('is a table of at least 60 rows, each of its own name', () => {
      expect(ROWS.length).toBeGreaterThanOrEqual(60);
      expect(new Set(ROWS.map((row) => row.name)).size).toBe(ROWS.length);
    });

    it.each(ROWS.map((row) => [row.name, row] as const))('L15, G8: %s', async (_name, { when, wire, outcome }) => {
      // A row that fails must not spoil the next one.
      if (bad.closed !== null || bad.unread.length > 0) bad = await target.connect(scene.me);
      const client = when === 'first' ? await target.open(target.nodeOf(scene.me)) : bad;
      const before = await target.store.totals();
      put(client, wire(scene));
      const answers: string[] = [];
      if ('cut' in outcome) expect(await client.ended()).toMatchObject({ code: 1006 });
      else if ('end' in outcome) {
        answers.push(await client.next());
        const { code, reason } = CLOSE_CODES[outcome.end];
        expect(await client.ended()).toEqual({ code, reason });
      } else {
        if (!('silence' in outcome)) answers.push(await client.next());
        await client.answered();
        expect(client.closed).toBeNull();
      }
      expect(client.unread).toEqual([]);
      if ('error' in outcome) expectError(answers[0] as string, outcome.error);
      if ('answer' in outcome) expect(answers[0]?.startsWith(outcome.answer)).toBe(true);

      const stored = 'answer' in outcome ? (outcome.stored?.messages ?? 0) : 0;
      const expected = { ...before, messages: before.messages + stored, heads: before.heads + stored };
      expect(await target.store.totals()).toEqual(expected);
      await bystanders.exchange();
    });

    it('L15: a first frame that never comes leaves nothing behind either', async () => {
      const before = await target.store.totals();
      const silent = await target.open();
      expectError(await silent.next(), 'sign_in_timeout');
      expect((await silent.ended()).code).toBe(CLOSE_CODES.sign_in_timeout.code);
      expect(await target.store.totals()).toEqual(before);
      await bystanders.exchange();
    });

    it('L1: of two first frames at once the second is a frame like any other', async () => {
      const client = await target.open();
      client.sendText(`${scene.me}`);
      client.sendText(`${scene.stranger}`);
      expect(await client.next()).toBe(`user id ${scene.me} received`);
      expectError(await client.next(), 'invalid_json');
      await bystanders.exchange();
    });
  });
}

function put(client: LegacyClient, wire: Wire): void {
  if (typeof wire === 'string' || wire instanceof Uint8Array) client.sendText(wire);
  else if ('binary' in wire) client.sendBinary(wire.binary);
  else if ('raw' in wire) client.sendRaw(wire.raw);
  else client.send(wire);
}

function expectError(text: string, name: ErrorName): void {
  const { code, temporary } = ERROR_CODES[name];
  const message = expect.stringMatching(/^.{10,300}$/);
  expect(JSON.parse(text)).toStrictEqual({ type: 'error', code, name, message, temporary });
  expect(text).not.toContain(CANARY);
}

/** Everything that rows name; its users' connections are gone again, so that only the row's own is there. */
async function setScene(target: Target): Promise<Scene> {
  const [me, peer, stranger, other] = target.newUsers(4);
  const clients = await target.connectAll([me, peer, stranger]);
  const [mine, peers, theirs] = clients as [LegacyClient, LegacyClient, LegacyClient];
  const myPersonal = await initPersonal(mine, [me, peer]);
  const myGroup = await initGroup(mine, [me, peer]);
  const theirPersonal = await initPersonal(theirs, [stranger, other]);
  const theirGroup = await initGroup(theirs, [stranger, other, peer]);
  const received = await say(peers, 'personal', myPersonal, 'to me');
  await expectNext(mine, 'to me');
  const sent = await say(mine, 'personal', myPersonal, 'from me');
  const foreign = await say(theirs, 'personal', theirPersonal, 'not for me');
  await vi.waitFor(async () => expect((await target.store.message(received)).status).toBe('delivered'), 20_000);
  target.dropClients();
  return { me, peer, stranger, myPersonal, myGroup, theirPersonal, theirGroup, received, sent, foreign };
}

/** Two users that go on talking, on different nodes where there are several. */
class Bystanders {
  readonly #one: LegacyClient;
  readonly #two: LegacyClient;
  readonly #conversation: number;
  #count = 0;

  private constructor(one: LegacyClient, two: LegacyClient, conversation: number) {
    this.#one = one;
    this.#two = two;
    this.#conversation = conversation;
  }

  static async meet(target: Target): Promise<Bystanders> {
    const [a, b] = target.newUsers(2);
    const [one, two] = (await target.connectAll([a, b])) as [LegacyClient, LegacyClient];
    return new Bystanders(one, two, await initPersonal(one, [a, b]));
  }

  async exchange(): Promise<void> {
    const count = ++this.#count;
    await say(this.#one, 'personal', this.#conversation, `ping ${count}`);
    await expectNext(this.#two, `ping ${count}`);
    await say(this.#two, 'personal', this.#conversation, `pong ${count}`);
    await expectNext(this.#one, `pong ${count}`);
    expect([this.#one.unread, this.#two.unread]).toEqual([[], []]);
  }
}
