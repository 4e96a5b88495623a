import { describe, expect, it } from 'vitest';
import { expectNext, initPersonal, say } from '../support/chat.ts';
import type { LegacyClient } from '../support/legacy-client.ts';
import type { MessageRow } from '../support/store-view.ts';
import type { Target } from '../support/target.ts';

/** Status of personal messages in the database: L7 and the first half of L10. */
export function statusTranscripts(target: () => Target): void {
  const status = (id: number): Promise<MessageRow> => target().store.message(id);
  const becomes = async (id: number, wanted: MessageRow['status']): Promise<MessageRow> => {
    await expect.poll(async () => (await status(id)).status, { timeout: 20_000, interval: 10 }).toBe(wanted);
    return await status(id);
  };

  /** Alice and a bob whose stack answers no pings, with a conversation; and a message that bob has got but not proven to have. */
  const withSilentBob = async (): Promise<Quiet> => {
    const [a, b] = target().newUsers(2);
    const alice = await target().connect(a);
    const bob = await target().connect(b, { autoPong: false });
    const conversation = await initPersonal(alice, [a, b]);
    const id = await say(alice, 'personal', conversation, 'have you got this?');
    await expectNext(bob, 'have you got this?');
    const ping = await bob.pinged();
    return { a, b, alice, bob, conversation, id, ping };
  };

  /** A message to somebody else on the node of `user` has become delivered: what the node knew before of its users is written by then. */
  const receiptsAreWritten = async (user: number): Promise<void> => {
    const [c, d] = target().newUsers(2);
    const node = target().nodeOf(user);
    const [carol] = await Promise.all([target().connect(c, { node }), target().connect(d, { node })]);
    const conversation = await initPersonal(carol, [c, d]);
    await becomes(await say(carol, 'personal', conversation, 'a witness'), 'delivered');
  };

  describe('statuses of personal messages', () => {
    it('L10: a message is stored as sent, and stays so while the recipient is away', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      const conversation = await initPersonal(alice, [a, b]);
      const id = await say(alice, 'personal', conversation, 'nobody home');
      await receiptsAreWritten(a);
      expect(await status(id)).toMatchObject({ status: 'sent', deliveredAtUs: null, seenAtUs: null });
    });

    it('L10: it becomes delivered, with a time, at once when the recipient is there', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
      const conversation = await initPersonal(alice, [a, b]);
      const id = await say(alice, 'personal', conversation, 'hello');
      await expectNext(bob, 'hello');
      const row = await becomes(id, 'delivered');
      expect(row.deliveredAtUs).toBeGreaterThanOrEqual(row.sentAtUs);
      expect(row.seenAtUs).toBeNull();
    });

    it('L10: it becomes delivered on the next connect when the recipient was away', async () => {
      const [a, b] = target().newUsers(2);
      const alice = await target().connect(a);
      const conversation = await initPersonal(alice, [a, b]);
      const ids = [
        await say(alice, 'personal', conversation, 'one'),
        await say(alice, 'personal', conversation, 'two'),
      ];
      expect(await status(ids[1] as number)).toMatchObject({ status: 'sent' });
      await target().connect(b);
      for (const id of ids) {
        const row = await becomes(id, 'delivered');
        expect(row.deliveredAtUs).toBeGreaterThanOrEqual(row.sentAtUs);
      }
    });

    it('L10: it is delivered only once the pong has come, and by the right pong', async () => {
      const { b, bob, id, ping } = await withSilentBob();
      bob.sendPong('');
      bob.sendPong(`${ping}0`);
      bob.sendPong('nonsense');
      await receiptsAreWritten(b);
      expect(await status(id)).toMatchObject({ status: 'sent', deliveredAtUs: null });
      bob.sendPong(ping);
      await becomes(id, 'delivered');
    });

    it('L10: a pong proves what came before its ping, and nothing behind it', async () => {
      const { b, alice, bob, conversation, id, ping } = await withSilentBob();
      const behind = await say(alice, 'personal', conversation, 'behind the ping');
      await expectNext(bob, 'behind the ping');
      bob.sendPong(ping);
      await becomes(id, 'delivered');
      const second = await bob.pinged(2);
      await receiptsAreWritten(b);
      expect(await status(behind)).toMatchObject({ status: 'sent' });
      bob.sendPong(second);
      await becomes(behind, 'delivered');
    });

    it('L10, L1: what a connection died with is pending again', async () => {
      const { b, alice, bob, conversation, id } = await withSilentBob();
      bob.drop();
      const again = await target().connect(b);
      expect(await expectNext(again, 'have you got this?')).toMatchObject({ message_id: id });
      await becomes(id, 'delivered');
      await say(alice, 'personal', conversation, 'a marker');
      await expectNext(again, 'a marker');
    });

    it('L10: the sender’s own other connection delivers nothing', async () => {
      const [a, b] = target().newUsers(2);
      const [alice, other] = await Promise.all([
        target().connect(a),
        target().connect(a, { node: target().nodeOf(a + 1) }),
      ]);
      const conversation = await initPersonal(alice, [a, b]);
      const id = await say(alice, 'personal', conversation, 'mine on both');
      await expectNext(other, 'mine on both');
      await receiptsAreWritten(a + 1);
      expect(await status(id)).toMatchObject({ status: 'sent', deliveredAtUs: null });
    });

    it('L7: seen is answered with nothing, and stored with its time', async () => {
      const { alice, bob, id } = await delivered();
      bob.send({ message_id: [id], type: 'seen' });
      await bob.answered();
      expect([alice.unread, bob.unread]).toEqual([[], []]);
      const row = await becomes(id, 'seen');
      expect(row.seenAtUs).toBeGreaterThanOrEqual(row.deliveredAtUs as number);
      expect(row.deliveredAtUs).toBeGreaterThanOrEqual(row.sentAtUs);
    });

    it('L7, L10: only the ids that are listed are seen', async () => {
      const { alice, bob, conversation, id: first } = await delivered();
      const second = await say(alice, 'personal', conversation, 'two');
      const third = await say(alice, 'personal', conversation, 'three');
      await becomes(third, 'delivered');
      bob.send({ message_id: [third, first, third], type: 'seen' });
      await becomes(first, 'seen');
      await becomes(third, 'seen');
      expect(await status(second)).toMatchObject({ status: 'delivered', seenAtUs: null });
    });

    it('L7, L10: seen before the pong counts, and the pong takes nothing back', async () => {
      const { alice, b, bob, conversation, id, ping } = await withSilentBob();
      bob.send({ message_id: [id], type: 'seen' });
      const seen = await becomes(id, 'seen');
      expect(seen.deliveredAtUs).not.toBeNull();
      bob.sendPong(ping);
      const later = await say(alice, 'personal', conversation, 'later');
      bob.sendPong(await bob.pinged(2));
      await becomes(later, 'delivered');
      await receiptsAreWritten(b);
      expect(await status(id)).toEqual(seen);
    });

    it('L10: seen twice keeps the first time, also through a reconnect', async () => {
      const { b, bob, id } = await delivered();
      bob.send({ message_id: [id], type: 'seen' });
      const seen = await becomes(id, 'seen');
      bob.send({ message_id: [id], type: 'seen' });
      await bob.answered();
      bob.drop();
      const again = await target().connect(b);
      again.send({ message_id: [id], type: 'seen' });
      await again.answered();
      await receiptsAreWritten(b);
      expect(await status(id)).toEqual(seen);
    });

    it('L10: messages that the user sent itself are passed over without a word', async () => {
      const { alice, bob, conversation, id } = await delivered();
      const own = await say(bob, 'personal', conversation, 'an answer');
      await expectNext(alice, 'an answer');
      await becomes(own, 'delivered');
      const before = await status(own);
      bob.send({ message_id: [own, id], type: 'seen' });
      await bob.answered();
      expect(bob.unread).toEqual([]);
      await becomes(id, 'seen');
      expect(await status(own)).toEqual(before);
    });

    it('L10: an unknown id refuses the list whole', async () => {
      const { b, bob, id } = await delivered();
      bob.send({ message_id: [id, Number.MAX_SAFE_INTEGER], type: 'seen' });
      expect(await bob.nextJson()).toMatchObject({ code: 3005, name: 'unknown_message' });
      await receiptsAreWritten(b);
      expect(await status(id)).toMatchObject({ status: 'delivered', seenAtUs: null });
    });

    it('L10: an id of a conversation that the user is not in refuses the list whole', async () => {
      const { b, bob, id } = await delivered();
      const foreign = await delivered();
      bob.send({ message_id: [id, foreign.id], type: 'seen' });
      expect(await bob.nextJson()).toMatchObject({ code: 3005, name: 'unknown_message' });
      await receiptsAreWritten(b);
      for (const one of [id, foreign.id]) expect(await status(one)).toMatchObject({ status: 'delivered' });
    });

    it('L7: an old client may list 10,000 ids', async () => {
      const { bob, id } = await delivered();
      bob.send({ message_id: Array.from({ length: 10_000 }, () => id), type: 'seen' });
      await becomes(id, 'seen');
      await bob.answered();
      expect(bob.unread).toEqual([]);
    });

    /** A message that bob has, as the database knows. */
    async function delivered(): Promise<Omit<Quiet, 'ping'>> {
      const [a, b] = target().newUsers(2);
      const [alice, bob] = (await target().connectAll([a, b])) as [LegacyClient, LegacyClient];
      const conversation = await initPersonal(alice, [a, b]);
      const id = await say(alice, 'personal', conversation, 'one');
      await expectNext(bob, 'one');
      await becomes(id, 'delivered');
      return { a, b, alice, bob, conversation, id };
    }
  });
}

interface Quiet {
  readonly a: number;
  readonly b: number;
  readonly alice: LegacyClient;
  readonly bob: LegacyClient;
  readonly conversation: number;
  readonly id: number;
  readonly ping: string;
}
