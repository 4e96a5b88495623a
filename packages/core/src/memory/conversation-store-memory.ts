import type { ConversationStore, InitResult, SignInUser } from '../ports/conversation-store.ts';
import { assertAtMost, assertGroupMembers, refusal, STORE_LIMITS } from '../store-limits.ts';
import type { ConversationId, Membership, User, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryState, MemoryUser } from './memory-state.ts';

export class MemoryConversationStore implements ConversationStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async user(userId: UserId): Promise<User | null> {
    const user = this.#state.users.get(userId);
    return user === undefined ? null : { id: user.id, name: user.name };
  }

  async signInUsers(users: readonly SignInUser[]): Promise<User[]> {
    assertAtMost('users', users.length, STORE_LIMITS.maxSignInsPerCall);
    for (const { userId, name } of users) {
      const user = this.#existing(userId);
      if (name !== null) user.name = name;
    }
    return users.map(({ userId }) => ({ id: userId, name: this.#existing(userId).name }));
  }

  async ensureUser(userId: UserId, name: string | null): Promise<User> {
    return (await this.signInUsers([{ userId, name }]))[0] as User;
  }

  async ensureUsers(userIds: readonly UserId[]): Promise<void> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxUsersPerCall);
    for (const userId of userIds) this.#existing(userId);
  }

  async listUsers(afterId: UserId, limit: number): Promise<User[]> {
    return [...this.#state.users.values()]
      .filter((user) => user.id > afterId)
      .sort((a, b) => a.id - b.id)
      .slice(0, limit)
      .map(({ id, name }) => ({ id, name }));
  }

  async touchUsers(userIds: readonly UserId[], atUs: number): Promise<void> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxUsersPerCall);
    for (const userId of userIds) {
      const user = this.#state.users.get(userId);
      if (user !== undefined) user.lastSeenAtUs = Math.max(atUs, user.lastSeenAtUs ?? 0);
    }
  }

  async openPersonal(a: UserId, b: UserId): Promise<InitResult> {
    if (a === b) throw refusal('openPersonal: two different users');
    const memberIds = [Math.min(a, b), Math.max(a, b)];
    const unknown = this.#unknown([a, b]);
    if (unknown.length > 0) return { ok: false, unknown };
    const pairKey = memberIds.join(':');
    const existing = this.#state.byPair.get(pairKey);
    if (existing !== undefined) return { ok: true, conversationId: existing.id, created: false };
    const conversation = this.#state.addConversation({ kind: 'personal', name: '', description: '', memberIds });
    this.#state.byPair.set(pairKey, conversation);
    return { ok: true, conversationId: conversation.id, created: true };
  }

  async createGroup(group: {
    readonly creatorId: UserId;
    readonly memberIds: readonly UserId[];
    readonly name: string;
    readonly description: string;
  }): Promise<InitResult> {
    const { creatorId, memberIds, name, description } = group;
    assertGroupMembers(creatorId, memberIds);
    const unknown = this.#unknown(memberIds);
    if (unknown.length > 0) return { ok: false, unknown };
    const conversation = this.#state.addConversation({ kind: 'group', name, description, memberIds });
    return { ok: true, conversationId: conversation.id, created: true };
  }

  async membershipsOf(userIds: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    const found: Membership[] = [];
    for (const userId of new Set(userIds)) {
      for (const conversation of this.#state.conversationsOf.get(userId) ?? []) {
        const member = conversation.members.get(userId) as MemoryMember;
        if (member.leftSeq === null) found.push(toMembership(conversation, member));
      }
    }
    return found;
  }

  async membership(userId: UserId, conversationId: ConversationId): Promise<Membership | null> {
    const conversation = this.#state.conversations.get(conversationId);
    const member = conversation?.members.get(userId);
    return conversation === undefined || member === undefined ? null : toMembership(conversation, member);
  }

  async membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembersOfConversations);
    const wanted = among === undefined ? null : new Set(among);
    const found: Membership[] = [];
    for (const id of new Set(conversationIds)) {
      const conversation = this.#state.conversations.get(id);
      if (conversation === undefined) continue;
      for (const member of conversation.members.values()) {
        if (member.leftSeq === null && (wanted === null || wanted.has(member.userId)))
          found.push(toMembership(conversation, member));
      }
    }
    return found;
  }

  #existing(userId: UserId): MemoryUser {
    const known = this.#state.users.get(userId);
    if (known !== undefined) return known;
    const user: MemoryUser = { id: userId, name: `User ${userId}`, lastSeenAtUs: null };
    this.#state.users.set(userId, user);
    return user;
  }

  #unknown(userIds: readonly UserId[]): UserId[] {
    return userIds.filter((id) => !this.#state.users.has(id));
  }
}

function toMembership(conversation: MemoryConversation, member: MemoryMember): Membership {
  let peerId: UserId | null = null;
  if (conversation.kind === 'personal') {
    for (const other of conversation.members.keys()) if (other !== member.userId) peerId = other;
  }
  return {
    userId: member.userId,
    conversationId: conversation.id,
    kind: conversation.kind,
    peerId,
    head: conversation.messages.length,
    membersVersion: conversation.membersVersion,
    joinedSeq: member.joinedSeq,
    leftSeq: member.leftSeq,
    deliveredSeq: member.deliveredSeq,
  };
}
