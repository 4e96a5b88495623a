import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSeed } from './random.ts';
import { commit, type OpenHarness, Room, refused, type StoreHarness } from './store-harness.ts';

/**
 * All but lone surrogates, like fast-check's unit `binary`, which takes seconds without a pause to be made: on a busy machine longer than a server
 * waits for an idle session.
 */
const anyCodePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint));

/** Everything of a `MessageStore` but `append`. */
export function messageReadContract(name: string, open: OpenHarness, seed = testSeed()): void {
  describe(`message reads: ${name}`, () => {
    let h: StoreHarness;
    beforeAll(async () => {
      h = await open();
    });
    afterAll(async () => {
      await h.close();
    });

    const idsOf = async (room: Room, count: number, sender = 0): Promise<number[]> =>
      (await commit(h.messages, room.rows(count, { sender }))).map((r) => (r as { messageId: number }).messageId);

    it('readRanges gives each range in order, within its bounds, at most its limit', async () => {
      const [a, b] = [await Room.personal(h), await Room.group(h)];
      await idsOf(a, 10);
      await idsOf(b, 5);
      const found = await h.messages.readRanges([
        { conversationId: b.conversationId, afterSeq: 1, uptoSeq: 4, limit: 10 },
        { conversationId: a.conversationId, afterSeq: 3, uptoSeq: 99, limit: 2 },
        { conversationId: 999_999_999, afterSeq: 0, uptoSeq: 99, limit: 2 },
        { conversationId: a.conversationId, afterSeq: 9, uptoSeq: 10, limit: 10 },
        { conversationId: a.conversationId, afterSeq: 5, uptoSeq: 5, limit: 10 },
        { conversationId: a.conversationId, afterSeq: 0, uptoSeq: 10, limit: 0 },
      ]);
      expect(found.map((range) => range.map((message) => message.seq))).toEqual([[2, 3, 4], [4, 5], [], [10], [], []]);
      expect(found[0]?.map((message) => message.kind)).toEqual(['group', 'group', 'group']);
      expect(await h.messages.readRanges([])).toEqual([]);
    });

    it('readRanges leaves one sender out and still fills the limit', async () => {
      const room = await Room.personal(h);
      for (let i = 0; i < 5; i += 1) {
        await idsOf(room, 1, 0);
        await idsOf(room, 1, 1);
      }
      const range = { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 10, limit: 3 };
      const [found] = await h.messages.readRanges([range], room.user(0));
      expect(found?.map((message) => message.seq)).toEqual([2, 4, 6]);
      await refused(h.messages.readRanges(Array.from({ length: 65 }, () => range)));
      expect(await h.messages.readRanges(Array.from({ length: 64 }, () => range))).toHaveLength(64);
    });

    it('readRanges shows the sender’s present name', async () => {
      const room = await Room.group(h);
      await h.conversations.ensureUser(room.user(0), 'Dakola Timmy');
      await idsOf(room, 1);
      const range = { conversationId: room.conversationId, afterSeq: 0, uptoSeq: 1, limit: 1 };
      expect((await h.messages.readRanges([range]))[0]?.[0]?.senderName).toBe('Dakola Timmy');
      await h.conversations.ensureUser(room.user(0), 'Ọlá 😀');
      expect((await h.messages.readRanges([range]))[0]?.[0]?.senderName).toBe('Ọlá 😀');
    });

    it('firstOf finds the first message of another in each range', async () => {
      const [a, b] = [await Room.personal(h), await Room.personal(h)];
      await idsOf(a, 3, 0);
      const [first] = await idsOf(a, 2, 1);
      await idsOf(b, 2, 0);
      const me = a.user(0);
      const upto = { afterSeq: 0, uptoSeq: 100 };
      expect(
        await h.messages.firstOf(
          [
            { conversationId: a.conversationId, ...upto },
            { conversationId: a.conversationId, afterSeq: 4, uptoSeq: 4 },
            { conversationId: a.conversationId, afterSeq: 0, uptoSeq: 3 },
            { conversationId: b.conversationId, ...upto },
            { conversationId: 999_999_999, ...upto },
          ],
          me,
        ),
      ).toEqual([{ seq: 4, messageId: first }, null, null, { seq: 1, messageId: expect.any(Number) }, null]);
      const range = { conversationId: a.conversationId, ...upto };
      await refused(
        h.messages.firstOf(
          Array.from({ length: 257 }, () => range),
          me,
        ),
      );
      expect(
        await h.messages.firstOf(
          Array.from({ length: 256 }, () => range),
          me,
        ),
      ).toHaveLength(256);
    });

    it('heads names the head of each conversation that exists', async () => {
      const [a, b] = [await Room.personal(h), await Room.group(h)];
      await idsOf(a, 4);
      expect(await h.messages.heads([b.conversationId, 999_999_999, a.conversationId])).toEqual(
        new Map([
          [a.conversationId, 4],
          [b.conversationId, 0],
        ]),
      );
      expect(await h.messages.heads([])).toEqual(new Map());
      await refused(h.messages.heads(Array.from({ length: 1_001 }, (_, i) => i + 1)));
      await h.messages.heads(Array.from({ length: 1_000 }, (_, i) => i + 1));
    });

    it('lastMessageId and headsSince find the conversations with later messages', async () => {
      const [a, b, c] = [await Room.personal(h), await Room.group(h), await Room.group(h)];
      await idsOf(a, 1);
      await idsOf(b, 2);
      const mark = await h.messages.lastMessageId();
      expect(await h.messages.headsSince(mark, 10)).toEqual({ heads: [], truncated: false });
      await idsOf(b, 3);
      const ids = await idsOf(c, 1);
      expect(await h.messages.lastMessageId()).toBe(ids[0]);
      const heads = [
        { conversationId: b.conversationId, kind: 'group', seq: 5, changed: false },
        { conversationId: c.conversationId, kind: 'group', seq: 1, changed: false },
      ];
      const since = await h.messages.headsSince(mark, 2);
      expect(since.truncated).toBe(false);
      expect([...since.heads].sort((x, y) => x.conversationId - y.conversationId)).toEqual(heads);
      const cut = await h.messages.headsSince(mark, 1);
      expect(cut).toEqual({ heads: [expect.objectContaining({ kind: 'group' })], truncated: true });
    });

    it('locate names the place of those that exist', async () => {
      const [a, b] = [await Room.personal(h), await Room.group(h)];
      const [first, second] = await idsOf(a, 2, 1);
      const [third] = await idsOf(b, 1, 2);
      const places = await h.messages.locate([
        third,
        4_000_000_000,
        Number.MAX_SAFE_INTEGER,
        second,
        second,
      ] as number[]);
      expect(places).toEqual(
        new Map([
          [second, { conversationId: a.conversationId, kind: 'personal', seq: 2, senderId: a.user(1) }],
          [third, { conversationId: b.conversationId, kind: 'group', seq: 1, senderId: b.user(2) }],
        ]),
      );
      expect(first).not.toBe(second);
      expect(await h.messages.locate([])).toEqual(new Map());
      await refused(h.messages.locate(Array.from({ length: 1_001 }, (_, i) => i + 1)));
      await h.messages.locate(Array.from({ length: 1_000 }, (_, i) => i + 1));
    });

    const roundTrip = async (rows: { readonly body: string; readonly sentAtUs: number }[]): Promise<void> => {
      const room = await Room.group(h);
      await commit(
        h.messages,
        rows.map((fields) => room.row(fields)),
      );
      const [found] = await h.messages.readRanges([
        { conversationId: room.conversationId, afterSeq: 0, uptoSeq: rows.length, limit: rows.length },
      ]);
      expect(found?.map(({ body, sentAtUs }) => ({ body, sentAtUs }))).toEqual(rows);
    };

    it('gives back every text and every microsecond', async () => {
      const texts = [
        '😀 👩‍👩‍👧‍👦 𝄞 \u{10FFFF}',
        'a\0b\0',
        '\0',
        '\u001a\b\t\r\n',
        `'"\\\`%_;--/*#*/ \\' \\\\' '' ?:x $1`,
        "'); DROP TABLE messages; --",
        ' spaces at both ends  ',
        '\uFEFFbom \u2028\u2029 \uFFFD',
        'é e\u0301',
        'ü'.repeat(32_767),
      ];
      const times = [1_598_356_410_923_631, 1_000_000, 999_999_999_999_999, 4_102_444_799_999_999];
      await roundTrip(texts.map((body, i) => ({ body, sentAtUs: times[i % times.length] as number })));
      await roundTrip(times.map((sentAtUs) => ({ body: 'x', sentAtUs })));
    });

    it(`gives back random text and times (seed ${seed})`, async () => {
      const row = fc.record({
        body: fc.oneof(fc.string({ unit: anyCodePoint, minLength: 1 }), fc.string({ minLength: 1 })),
        sentAtUs: fc.integer({ min: 1_000_000, max: 4_102_444_799_999_999 }),
      });
      const rows = fc.array(row, { minLength: 1, maxLength: 20 });
      await fc.assert(fc.asyncProperty(rows, roundTrip), { seed, numRuns: 25, endOnFailure: true });
    });
  });
}
