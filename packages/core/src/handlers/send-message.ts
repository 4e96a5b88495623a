import type { ConversationFeed } from '../conversation-feed.ts';
import type { SendOutcome } from '../group-commit.ts';
import { OutgoingSend } from '../outgoing-send.ts';
import type { AppendRow } from '../ports/message-store.ts';
import { type Reply, refusal } from '../reply.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, ConversationKind } from '../types.ts';
import type { Caller } from './caller.ts';

interface Send {
  readonly type: ConversationKind;
  readonly conversationId: ConversationId;
  readonly body: string;
}

/** L3, L6: appends a message. The answer says that it is committed (G1); delivering it is the feed's business. */
export function handleSendMessage(send: Send, caller: Caller, services: NodeServices): Promise<Reply> {
  const feed = caller.user.feeds.get(send.conversationId);
  if (feed === undefined || caller.lookups?.has(send.conversationId)) return lookUpAndAppend(send, caller, services);
  return append(send, feed, caller, services);
}

function append(send: Send, feed: ConversationFeed, caller: Caller, services: NodeServices): Promise<Reply> {
  if (feed.kind !== send.type) {
    return Promise.resolve(refusal('wrong_conversation_type', `This conversation is of type ${feed.kind}.`));
  }
  const senderId = caller.user.id;
  const [a, b] = feed.members;
  const row: AppendRow = {
    conversationId: feed.conversationId,
    kind: feed.kind,
    senderId,
    recipientId: feed.kind === 'group' ? null : a === senderId ? b : a,
    clientId: services.clientIds.make(caller.sessionId),
    body: send.body,
    sentAtUs: services.clock.nowUs(),
    membersVersion: feed.membersVersion,
  };
  const origin = { senderName: caller.user.name, sessionId: caller.sessionId, members: feed.members };
  return new Promise((resolve) => {
    const settle = (outcome: SendOutcome): void => {
      if (outcome.kind === 'unknown') services.doubtful.note(feed);
      resolve(replyTo(outcome, row));
    };
    services.groupCommit.submit(new OutgoingSend(row, origin, settle));
  });
}

function replyTo(outcome: SendOutcome, { conversationId, clientId }: AppendRow): Reply {
  switch (outcome.kind) {
    case 'stored':
    case 'duplicate': {
      const { messageId, seq, sentAtUs } = outcome;
      const duplicate = outcome.kind === 'duplicate';
      return { kind: 'ack', conversationId, messageId, seq, sentAtUs, clientId, duplicate };
    }
    case 'refused':
      return refusal(outcome.error);
    case 'unknown':
      return { kind: 'close', name: 'outcome_unknown' };
  }
}

/** The conversation is not known here yet (it is new, or the session is still loading): asks the store, in turn with the session's other sends to it. */
async function lookUpAndAppend(send: Send, caller: Caller, services: NodeServices): Promise<Reply> {
  const { conversationId } = send;
  caller.lookups ??= new Map();
  const { lookups } = caller;
  const before = lookups.get(conversationId) ?? Promise.resolve();
  const lookup = before
    .catch(() => undefined)
    .then(() => caller.user.feeds.get(conversationId) ?? admit(conversationId, caller, services));
  lookups.set(conversationId, lookup);
  try {
    const feed = await lookup;
    if (feed === undefined) return refusal('not_a_member');
    // Without an await in between: the order of the look-ups is the order of the appends.
    return await append(send, feed, caller, services);
  } finally {
    if (lookups.get(conversationId) === lookup) lookups.delete(conversationId);
  }
}

async function admit(
  conversationId: ConversationId,
  caller: Caller,
  services: NodeServices,
): Promise<ConversationFeed | undefined> {
  await services.loader.admit(conversationId, [caller.user]);
  return caller.user.feeds.get(conversationId);
}
