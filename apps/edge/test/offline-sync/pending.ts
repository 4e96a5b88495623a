import type { AppendRow, ConversationId, ConversationKind, UserId } from '@parley/core';
import type { SqlStores } from '@parley/store-sql';

export const READER = 1;
export const FRIEND = 2;
const OTHER = 3;
/** Reads before the reader, and at the reader's node, be it the only one or one of three. */
export const FORERUNNER = 4;

export const PENDING = 100_000;
export const FORERUNNER_PENDING = 10_000;
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

/** Two personal conversations and two groups with 100,000 messages for the reader, in one order over all of them, and one conversation for the forerunner. */
export async function fillBacklog({ conversations: store, messages }: SqlStores): Promise<Prepared> {
  await store.ensureUsers([READER, FRIEND, OTHER, FORERUNNER]);
  const group = { creatorId: FRIEND, memberIds: [READER, FRIEND, OTHER], description: '' };
  const opened = [
    await store.openPersonal(READER, FRIEND),
    await store.openPersonal(OTHER, READER),
    await store.createGroup({ ...group, name: 'one' }),
    await store.createGroup({ ...group, name: 'two' }),
    await store.openPersonal(OTHER, FORERUNNER),
  ];
  const ids = opened.map((result) => (result.ok ? result.conversationId : Number.NaN));
  const [withFriend, withOther, first, second, withForerunner] = ids as [number, number, number, number, number];
  const ofReader = [withFriend, withOther, first, second];
  const members = new Map((await store.membershipsOf([READER, FORERUNNER])).map((row) => [row.conversationId, row]));
  const counts = new Map(ids.map((id) => [id, 0]));
  const next = (conversationId: number): string => {
    const n = (counts.get(conversationId) ?? 0) + 1;
    counts.set(conversationId, n);
    return body(n);
  };

  const rows = new RowWriter(messages, members);
  for (let at = 0; at < PENDING; at++) {
    // Runs of different lengths, so that pages begin and end in all of them.
    const conversationId = ofReader[(at % 7) % 4 === 3 ? 3 : Math.floor(at / 11) % 4] as number;
    await rows.add(conversationId, conversationId === withOther ? OTHER : FRIEND, READER, next(conversationId));
    if (at % OWN_EVERY === 0) await rows.add(at % 200 === 0 ? first : withFriend, READER, FRIEND, "the reader's own");
  }
  for (let at = 0; at < FORERUNNER_PENDING; at++)
    await rows.add(withForerunner, OTHER, FORERUNNER, next(withForerunner));
  await rows.flush();
  return {
    personal: withFriend,
    group: second,
    conversations: new Map(ofReader.map((id) => [id, members.get(id)?.kind ?? 'group'])),
  };
}

interface Conversation {
  readonly kind: ConversationKind;
  readonly membersVersion: number;
}

/** Appends in batches, a millisecond apart. */
class RowWriter {
  readonly #messages: SqlStores['messages'];
  readonly #conversations: ReadonlyMap<ConversationId, Conversation>;
  readonly #startUs = (Date.now() - PENDING - FORERUNNER_PENDING) * 1_000;
  #added = 0;
  #batch: AppendRow[] = [];

  constructor(messages: SqlStores['messages'], conversations: ReadonlyMap<ConversationId, Conversation>) {
    this.#messages = messages;
    this.#conversations = conversations;
  }

  /** @param recipientId of a personal message; a group's goes to all */
  async add(conversationId: ConversationId, senderId: UserId, recipientId: UserId, text: string): Promise<void> {
    const { kind, membersVersion } = this.#conversations.get(conversationId) ?? fail(conversationId);
    const at = this.#added++;
    this.#batch.push({
      ...{ conversationId, kind, senderId, recipientId: kind === 'group' ? null : recipientId },
      ...{ clientId: `backlog-${at}`, body: text, sentAtUs: this.#startUs + at * 1_000, membersVersion },
    });
    if (this.#batch.length >= ROWS_PER_APPEND) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    const { kind } = await this.#messages.append(this.#batch);
    if (kind !== 'committed') throw new Error(`append: ${kind}`);
    this.#batch = [];
  }
}

function fail(conversationId: number): never {
  throw new Error(`neither reader is a member of ${conversationId}`);
}
