import type { ErrorName } from '@parley/protocol';
import type { OutgoingSend, StoredNumbers } from '../commit/outgoing-send.ts';
import type { SendOutcome } from '../commit/pending-send.ts';
import { senderStanding } from '../commit/sender-standing.ts';
import type { ConversationFeed } from '../feed/conversation-feed.ts';
import { type AppendRow, StoreError } from '../ports/message-store.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, ConversationKind } from '../types.ts';
import { type Answer, type Asker, LATER, type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';

export interface Send {
  readonly type: ConversationKind;
  readonly conversationId: ConversationId;
  readonly body: string;
  /** The client's own, good for ever (G3); the node makes one when it gave none. */
  readonly clientId?: string | undefined;
}

/** L3, L6: appends a message. The answer says that it is committed (G1); delivering it is the feed's business. */
export function handleSendMessage(send: Send, caller: Caller, services: NodeServices, asker: Asker): Answer {
  const { conversationId } = send;
  const feed = caller.user.feeds.get(conversationId);
  if (feed === undefined || caller.lookups?.has(conversationId) || caller.user.blockedIn?.has(conversationId)) {
    return lookUpAndAppend(send, caller, services);
  }
  return append(send, feed, caller, services, asker);
}

function append(
  { type, body, clientId }: Send,
  feed: ConversationFeed,
  caller: Caller,
  services: NodeServices,
  asker: Asker,
): Reply | typeof LATER {
  if (feed.kind !== type) {
    return refusal('wrong_conversation_type', `This conversation is of type ${feed.kind}.`);
  }
  const senderId = caller.user.id;
  const [a, b] = feed.members;
  const row: AppendRow = {
    conversationId: feed.conversationId,
    kind: feed.kind,
    senderId,
    recipientId: feed.kind === 'group' ? null : a === senderId ? b : a,
    clientId: clientId ?? services.clientIds.make(caller.sessionId),
    body,
    sentAtUs: services.clock.nowUs(),
    membersVersion: feed.versionFor(senderId),
  };
  services.groupCommit.submit(new SubmittedSend(row, clientId !== undefined, feed, caller, services, asker));
  return LATER;
}

/** All that a send keeps in memory from its submission to its answer, besides the asker. */
class SubmittedSend implements OutgoingSend {
  readonly row: AppendRow;
  /** The client has named it. */
  readonly #named: boolean;
  readonly #feed: ConversationFeed;
  readonly #caller: Caller;
  readonly #services: NodeServices;
  readonly #asker: Asker;
  #read: StoredNumbers | null = null;

  constructor(
    row: AppendRow,
    named: boolean,
    feed: ConversationFeed,
    caller: Caller,
    services: NodeServices,
    asker: Asker,
  ) {
    this.row = row;
    this.#named = named;
    this.#feed = feed;
    this.#caller = caller;
    this.#services = services;
    this.#asker = asker;
  }

  get senderName(): string {
    return this.#caller.user.name;
  }

  get originSessionId(): number {
    return this.#caller.sessionId;
  }

  get members(): ConversationFeed['members'] {
    return this.#feed.members;
  }

  wasRead({ seq, messageId, sentAtUs }: StoredNumbers): void {
    this.#read = { seq, messageId, sentAtUs };
  }

  settle(outcome: SendOutcome): void {
    if (outcome.kind === 'unknown') this.#services.doubtful.note(this.#feed);
    this.#asker.answer(this.#replyTo(outcome));
  }

  #replyTo(outcome: SendOutcome): Reply | Promise<Reply> {
    const { kind: type, conversationId, clientId, body } = this.row;
    switch (outcome.kind) {
      case 'stored':
      case 'duplicate': {
        const { messageId, seq, sentAtUs } = outcome;
        const duplicate = outcome.kind === 'duplicate';
        if (!duplicate) this.#caller.delivery.wrote(conversationId, seq);
        return { kind: 'ack', conversationId, messageId, seq, sentAtUs, clientId, duplicate };
      }
      case 'refused': {
        // Another connection's send of the same, which was committed late (G3).
        if (this.#read !== null) return { kind: 'ack', conversationId, ...this.#read, clientId, duplicate: true };
        if (!this.#named || !barred(outcome.error)) return refusal(outcome.error);
        const send = { type, conversationId, body, clientId };
        return firstOrRefusal(outcome.error, send, this.#caller, this.#services);
      }
      case 'unknown':
        return { kind: 'close', name: 'outcome_unknown' };
    }
  }
}

const barred = (error: ErrorName): boolean => error === 'not_a_member' || error === 'blocked';

/** G3: who may not write any more still finds what it wrote, by the client's own id. */
async function firstOrRefusal(error: ErrorName, send: Send, caller: Caller, services: NodeServices): Promise<Reply> {
  const { conversationId, clientId } = send;
  if (clientId === undefined) return refusal(error);
  const first = await services.messages.findByClientId(conversationId, caller.user.id, clientId);
  if (first === null) return refusal(error);
  if (first.isEvent || first.body !== send.body) return refusal('client_id_conflict');
  const { messageId, seq, sentAtUs } = first;
  return { kind: 'ack', conversationId, messageId, seq, sentAtUs, clientId, duplicate: true };
}

/**
 * The conversation is not known here yet (it is new, or the session is still loading), or the sender was blocked when it was last read: asks the store, in
 * turn with the session's other sends to it.
 */
async function lookUpAndAppend(send: Send, caller: Caller, services: NodeServices): Promise<Reply> {
  const { conversationId } = send;
  caller.lookups ??= new Map();
  const { lookups } = caller;
  const before = lookups.get(conversationId) ?? Promise.resolve();
  const lookup = before.catch(() => undefined).then(() => lookUp(conversationId, caller, services));
  lookups.set(conversationId, lookup);
  try {
    const feed = await lookup;
    if (typeof feed === 'string') return await firstOrRefusal(feed, send, caller, services);
    // Without an await in between: the order of the look-ups is the order of the appends.
    return await new Promise<Reply>((resolve) => {
      const answer = append(send, feed, caller, services, { answer: resolve });
      if (answer !== LATER) resolve(answer);
    });
  } finally {
    if (lookups.get(conversationId) === lookup) lookups.delete(conversationId);
  }
}

/** @returns the feed to append to, or why the caller may not */
async function lookUp(
  conversationId: ConversationId,
  { user }: Caller,
  services: NodeServices,
): Promise<ConversationFeed | ErrorName> {
  if (!user.feeds.has(conversationId) && !(await services.loader.admit(conversationId, [user]))) {
    throw new StoreError('the members change too fast', { outcome: 'not_committed', retryable: true });
  }
  if (user.blockedIn?.has(conversationId)) {
    const standing = await senderStanding(user.id, conversationId, services);
    if (typeof standing === 'string') return standing;
  }
  return user.feeds.get(conversationId) ?? 'not_a_member';
}
