import type { AppendRow } from '@parley/core';
import type { SqlStores } from '@parley/store-sql';

export const READER = 1;
export const FRIEND = 2;
const OTHER = 3;

export const PENDING = 100_000;
/** Messages of the reader's own among them, which are pending for nobody. */
const OWN_EVERY = 100;
const ROWS_PER_APPEND = 500;
/** With it all frames together are larger than what the node's memory may grow by. */
const PADDING = ' padding'.repeat(50);

export interface Prepared {
  /** Personal and group conversations of the reader, all with the friend too. */
  readonly personal: number;
  readonly group: number;
  readonly conversations: ReadonlyMap<number, 'personal' | 'group'>;
}

/** What the `n`th pending message of a conversation says. */
export const body = (n: number): string => `${n}${PADDING}`;

/** Two personal conversations and two groups with 100,000 messages for the reader, in one order over all of them. */
export async function fillBacklog({ conversations: store, messages }: SqlStores): Promise<Prepared> {
  await store.ensureUsers([READER, FRIEND, OTHER]);
  const group = { creatorId: FRIEND, memberIds: [READER, FRIEND, OTHER], description: '' };
  const opened = [
    await store.openPersonal(READER, FRIEND),
    await store.openPersonal(OTHER, READER),
    await store.createGroup({ ...group, name: 'one' }),
    await store.createGroup({ ...group, name: 'two' }),
  ];
  const ids = opened.map((result) => (result.ok ? result.conversationId : Number.NaN));
  const [withFriend, withOther, first, second] = ids as [number, number, number, number];
  const members = new Map((await store.membershipsOf([READER])).map((row) => [row.conversationId, row]));
  const startUs = (Date.now() - PENDING) * 1_000;
  const counts = new Map(ids.map((id) => [id, 0]));

  const row = (at: number, conversationId: number, senderId: number, text: string): AppendRow => {
    const { kind, membersVersion } = members.get(conversationId) ?? fail(conversationId);
    const recipientId = kind === 'group' ? null : senderId === READER ? FRIEND : READER;
    const clientId = `backlog-${at}-${senderId}`;
    return {
      ...{ conversationId, kind, senderId, recipientId, clientId },
      body: text,
      sentAtUs: startUs + at * 1_000,
      membersVersion,
    };
  };
  let batch: AppendRow[] = [];
  const flush = async (): Promise<void> => {
    const { kind } = await messages.append(batch);
    if (kind !== 'committed') throw new Error(`append: ${kind}`);
    batch = [];
  };
  for (let at = 0; at < PENDING; at++) {
    // Runs of different lengths, so that pages begin and end in all of them.
    const conversationId = ids[(at % 7) % 4 === 3 ? 3 : Math.floor(at / 11) % 4] as number;
    const n = (counts.get(conversationId) ?? 0) + 1;
    counts.set(conversationId, n);
    batch.push(row(at, conversationId, conversationId === withOther ? OTHER : FRIEND, body(n)));
    if (at % OWN_EVERY === 0) batch.push(row(at, at % 200 === 0 ? first : withFriend, READER, "the reader's own"));
    if (batch.length >= ROWS_PER_APPEND) await flush();
  }
  if (batch.length > 0) await flush();
  return {
    personal: withFriend,
    group: second,
    conversations: new Map(ids.map((id) => [id, members.get(id)?.kind ?? 'group'])),
  };
}

function fail(conversationId: number): never {
  throw new Error(`the reader is no member of ${conversationId}`);
}
