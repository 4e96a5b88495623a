import type {
  ConversationReader,
  ConversationSummary,
  MemberCursor,
  MemberInfo,
  MessageStatusReport,
  PageRequest,
  RecipientStatus,
  SummarySelection,
} from '../ports/conversation-reader.ts';
import {
  assertAtMost,
  assertCursors,
  assertMembersPage,
  assertPage,
  assertSummaries,
  STORE_LIMITS,
} from '../store-limits.ts';
import type { ConversationId, MessageId, Seq, StoredMessage, TimeUs, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryMessage, MemoryState } from './memory-state.ts';

const byId = (a: MemoryConversation, b: MemoryConversation): number => a.id - b.id;
const byUser = (a: MemoryMember, b: MemoryMember): number => a.userId - b.userId;
const isPresent = (member: MemoryMember): boolean => member.leftSeq === null;

export class MemoryConversationReader implements ConversationReader {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async summaries(userId: UserId, selection: SummarySelection): Promise<ConversationSummary[]> {
    assertSummaries(selection);
    const own = [...(this.#state.conversationsOf.get(userId) ?? [])].sort(byId);
    const chosen =
      'ids' in selection
        ? own.filter(({ id }) => selection.ids.includes(id))
        : own.filter(({ id }) => id > selection.afterId).slice(0, selection.limit);
    return chosen.map((conversation) => this.#summary(conversation, conversation.members.get(userId) as MemoryMember));
  }

  async page(conversationId: ConversationId, request: PageRequest): Promise<StoredMessage[]> {
    assertPage(request);
    const { before, after, minSeq, maxSeq, limit } = request;
    const first = Math.max(1, minSeq, after === undefined ? 0 : after + 1);
    const last = Math.min(maxSeq, before === undefined ? Number.MAX_SAFE_INTEGER : before - 1);
    const found = this.#messages(conversationId).slice(first - 1, Math.max(first - 1, last));
    const page = after === undefined ? found.slice(-limit) : found.slice(0, limit);
    return (limit === 0 ? [] : page).map((message) => this.#state.stored(message));
  }

  async members(conversationId: ConversationId, afterUserId: UserId, limit: number): Promise<MemberInfo[]> {
    assertMembersPage(limit);
    return this.#present(conversationId)
      .filter((member) => member.userId > afterUserId)
      .slice(0, limit)
      .map(({ userId, role, deliveredSeq, seenSeq }) => {
        return { userId, name: this.#state.senderName(userId), role, deliveredSeq, seenSeq };
      });
  }

  async cursors(conversationIds: readonly ConversationId[], maxRows: number): Promise<MemberCursor[]> {
    assertCursors(conversationIds, maxRows);
    return [...new Set(conversationIds)]
      .sort((a, b) => a - b)
      .flatMap((conversationId) => {
        const conversation = this.#state.conversations.get(conversationId);
        return this.#present(conversationId).map((member): MemberCursor => {
          const { userId, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs } = member;
          const seenExactly = conversation?.kind === 'personal' ? seenAbove(conversation, member) : [];
          return { conversationId, userId, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs, seenExactly };
        });
      })
      .slice(0, maxRows);
  }

  async messageStatus(messageId: MessageId): Promise<MessageStatusReport | null> {
    const message = this.#state.messages[messageId - 1];
    if (message === undefined) return null;
    const { conversationId, seq, senderId } = message;
    const members = [...(this.#state.conversations.get(conversationId) as MemoryConversation).members.values()];
    const users = members
      .filter((member) => member.userId !== senderId && member.addedSeq < seq && seq <= (member.leftSeq ?? seq))
      .sort(byUser)
      .map((member) => statusOf(message, member));
    return { conversationId, seq, senderId, users };
  }

  async acquainted(userId: UserId, others: readonly UserId[]): Promise<Set<UserId>> {
    assertAtMost('users', others.length, STORE_LIMITS.maxAcquainted);
    const own = (this.#state.conversationsOf.get(userId) ?? []).filter(({ members }) => {
      return isPresent(members.get(userId) as MemoryMember);
    });
    const blockedBy = own
      .filter(({ members }) => members.get(userId)?.blocked === true)
      .flatMap(({ members }) => [...members.keys()]);
    const shared = others.filter((other) => {
      return other !== userId && own.some(({ members }) => members.get(other)?.leftSeq === null);
    });
    return new Set(shared.filter((other) => !blockedBy.includes(other)));
  }

  async lastSeen(userIds: readonly UserId[]): Promise<Map<UserId, TimeUs | null>> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxLastSeen);
    const found = new Map<UserId, TimeUs | null>();
    for (const userId of userIds) {
      const user = this.#state.users.get(userId);
      if (user !== undefined) found.set(userId, user.lastSeenAtUs);
    }
    return found;
  }

  #summary(conversation: MemoryConversation, member: MemoryMember): ConversationSummary {
    const { id: conversationId, kind, history, messages } = conversation;
    const present = this.#present(conversationId).length;
    const { name, description, members } = member.departure ?? { ...conversation, members: present };
    const { role, joinedSeq, leftSeq, deliveredSeq, seenSeq } = member;
    const head = leftSeq ?? messages.length;
    const last = head > joinedSeq ? messages[head - 1] : undefined;
    return {
      ...{ conversationId, kind, name, description, members, history, role, head, deliveredSeq, seenSeq },
      peer: this.#peer(conversation, member.userId),
      firstSeq: joinedSeq + 1,
      unread: unreadOf(messages, member, head),
      last: last === undefined ? null : this.#state.stored(last),
      left: leftSeq !== null,
    };
  }

  #peer({ kind, members }: MemoryConversation, userId: UserId): ConversationSummary['peer'] {
    const peer = kind === 'personal' ? [...members.values()].find((member) => member.userId !== userId) : undefined;
    if (peer === undefined) return null;
    return { userId: peer.userId, name: this.#state.senderName(peer.userId), blocked: peer.blocked };
  }

  #present(conversationId: ConversationId): MemoryMember[] {
    const members = this.#state.conversations.get(conversationId)?.members.values() ?? [];
    return [...members].filter(isPresent).sort(byUser);
  }

  #messages(conversationId: ConversationId): readonly MemoryMessage[] {
    return this.#state.conversations.get(conversationId)?.messages ?? [];
  }
}

function unreadOf(messages: readonly MemoryMessage[], member: MemoryMember, head: Seq): number {
  const from = Math.max(member.seenSeq, member.addedSeq, member.joinedSeq, head - STORE_LIMITS.maxUnreadScan);
  const unread = messages.slice(from, Math.max(from, head)).filter((message) => {
    return message.senderId !== member.userId && !message.isEvent && message.status !== 'seen';
  });
  return Math.min(unread.length, STORE_LIMITS.maxUnread);
}

const seenAbove = ({ messages }: MemoryConversation, { userId, seenSeq }: MemoryMember): MessageId[] =>
  messages
    .slice(seenSeq)
    .filter((message) => message.senderId !== userId && message.status === 'seen')
    .slice(-STORE_LIMITS.maxSeenExactly)
    .map((message) => message.messageId);

function statusOf(message: MemoryMessage, member: MemoryMember): RecipientStatus {
  const { userId } = member;
  if (message.recipientId !== null) {
    const { status, deliveredAtUs, seenAtUs } = message;
    return { userId, status, deliveredAtUs, seenAtUs };
  }
  const delivered = member.deliveredSeq >= message.seq;
  const seen = member.seenSeq >= message.seq;
  return {
    userId,
    status: seen ? 'seen' : delivered ? 'delivered' : 'sent',
    deliveredAtUs: delivered ? member.deliveredAtUs : null,
    seenAtUs: seen ? member.seenAtUs : null,
  };
}
