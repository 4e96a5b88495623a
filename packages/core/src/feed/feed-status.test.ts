import { expect, it } from 'vitest';
import { NO_MEMBERS, type StatusPublication } from '../bus/publication.ts';
import { LocalUser, type Recipient } from '../session/local-user.ts';
import { ConversationFeed } from './conversation-feed.ts';

const READER = 2;

/** A group with one sender here, who has sent the messages with these seqs. */
function group(...sent: number[]): { readonly feed: ConversationFeed; readonly told: () => number[][] } {
  const feed = new ConversationFeed(
    { conversationId: 5, kind: 'group', members: NO_MEMBERS, bornAt: 1, membersVersion: 1 },
    { maxHeld: 10, membersChanged: () => undefined },
  );
  const frames: string[] = [];
  const sender = new LocalUser({ id: 1, name: 'one' });
  const recipient: Recipient = {
    sessionId: 7,
    protocol: 'current',
    loading: false,
    congested: false,
    deliver: () => undefined,
    catchUp: () => undefined,
    departed: () => undefined,
    notify: (frame) => void frames.push(Buffer.from(frame).toString('utf8')),
  };
  sender.recipients = [recipient];
  feed.attach(sender);
  feed.start(0);
  for (let seq = 1; seq <= Math.max(...sent); seq++) {
    const senderId = sent.includes(seq) ? 1 : 3;
    const frame = new Uint8Array(1);
    const numbered = { type: 'message', kind: 'group', conversationId: 5, seq, messageId: seq } as const;
    feed.accept({
      ...numbered,
      senderId,
      members: NO_MEMBERS,
      frame,
      legacyBytes: 0,
      change: null,
      originSessionId: 0,
    });
  }
  const told = (): number[][] =>
    frames.map((frame) => {
      const { delivered_seq, seen_seq } = JSON.parse(frame) as { delivered_seq: number; seen_seq: number };
      return [delivered_seq, seen_seq];
    });
  return { feed, told };
}

/** The feed with the reader itself here, on two devices: it has sent nothing. */
function readers(): { readonly feed: ConversationFeed; readonly told: number[][] } {
  const { feed } = group(1, 2, 3, 4, 5);
  const told: number[][] = [];
  const reader = new LocalUser({ id: READER, name: 'two' });
  reader.recipients = [8, 9].map((sessionId) => ({
    sessionId,
    protocol: 'current',
    loading: false,
    congested: false,
    deliver: () => undefined,
    catchUp: () => undefined,
    departed: () => undefined,
    notify: (frame) => {
      const { user_id, seen_seq } = JSON.parse(Buffer.from(frame).toString('utf8')) as Record<string, number>;
      told.push([sessionId, user_id ?? 0, seen_seq ?? 0]);
    },
  }));
  feed.attach(reader);
  return { feed, told };
}

const news = (afterSeq: number, deliveredSeq: number, seenSeq = 0): StatusPublication => ({
  type: 'status',
  kind: 'group',
  conversationId: 5,
  members: NO_MEMBERS,
  userId: READER,
  deliveredSeq,
  deliveredAtUs: deliveredSeq,
  seenSeq,
  seenAtUs: seenSeq,
  afterSeq,
  seenIds: [],
});

const stored = (deliveredSeq: number, seenSeq = 0) => ({
  conversationId: 5,
  userId: READER,
  deliveredSeq,
  deliveredAtUs: deliveredSeq,
  seenSeq,
  seenAtUs: seenSeq,
  seenExactly: [],
});

it('G6: what a session that comes back reads before the others hear of it is told to the others all the same', () => {
  const { feed, told } = group(1, 2, 3, 4, 5);
  feed.tellStatus(news(0, 3));
  expect(JSON.parse(feed.presentStatus(stored(5, 4)))).toMatchObject({ delivered_seq: 5, seen_seq: 4 });
  // Told to all, so not behind what the one was shown.
  feed.tellStatus(news(3, 4));
  feed.tellStatus(news(0, 5, 4));
  expect(told()).toEqual([
    [3, 0],
    [5, 4],
    [5, 4],
  ]);
  expect(JSON.parse(feed.presentStatus(stored(2)))).toMatchObject({ delivered_seq: 5, seen_seq: 4 });
});

it('G6: who is concerned by news that was overtaken or lost is told with what overtook it, once, and never backwards', () => {
  const { feed, told } = group(4);
  feed.tellStatus(news(0, 3));
  feed.tellStatus(news(3, 4));
  feed.tellStatus(news(4, 5));
  expect(told()).toEqual([
    [3, 0],
    [4, 0],
  ]);
  const other = group(4);
  other.feed.tellStatus(news(0, 3));
  other.feed.tellStatus(news(4, 5));
  other.feed.tellStatus(news(3, 4));
  other.feed.tellStatus(news(5, 6));
  expect(other.told()).toEqual([
    [3, 0],
    [5, 0],
  ]);
});

it('G6: what a user has seen on one device its others are told, for their unread counts; of what only arrived nothing', () => {
  const { feed, told } = readers();
  feed.tellStatus(news(0, 3));
  expect(told).toEqual([]);
  feed.tellStatus(news(0, 4, 2));
  feed.tellStatus(news(2, 5, 2));
  expect(told).toEqual([
    [8, READER, 2],
    [9, READER, 2],
  ]);
  feed.tellStatus({ ...news(5, 5, 2), seenIds: [4] });
  expect(told).toHaveLength(4);
});

it('G8: of a group whose members come and go so many senders and cursors are remembered: past that somebody is told more, nobody less', () => {
  const { feed, told } = group(1, 2, 3, 4, 5);
  const numbered = { type: 'message', kind: 'group', conversationId: 5, members: NO_MEMBERS } as const;
  const rest = { frame: new Uint8Array(1), legacyBytes: 0, change: null, originSessionId: 0 };
  const last = 4_004;
  for (let seq = 6; seq <= last; seq++) feed.accept({ ...numbered, ...rest, seq, messageId: seq, senderId: seq });
  feed.tellStatus(news(10, last));
  expect(told()).toEqual([]);
  feed.accept({ ...numbered, ...rest, seq: last + 1, messageId: last + 1, senderId: last + 1 });
  feed.tellStatus(news(11, last + 1));
  expect(told()).toEqual([[last + 1, 0]]);
  for (let userId = 10; userId < 4_010; userId++) feed.tellStatus({ ...news(0, 9), userId });
  const before = told().length;
  // Overtaken: told of the one that was forgotten, and of no other.
  feed.tellStatus({ ...news(0, 8), userId: 4_009 });
  feed.tellStatus({ ...news(0, 8), userId: READER });
  expect(told().slice(before)).toEqual([[8, 0]]);
});
