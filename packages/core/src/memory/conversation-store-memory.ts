import type {
  ConversationStore,
  InitRequest,
  InitResult,
  NewGroup,
  SignInUser,
  UserProfile,
} from '../ports/conversation-store.ts';
import { assertAtMost, assertGroupMembers, assertPair, assertRequest, STORE_LIMITS } from '../store-limits.ts';
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

  async openPersonal(a: UserId, b: UserId, request?: InitRequest): Promise<InitResult> {
    assertPair('openPersonal', a, b);
    assertRequest(request, [a, b]);
    return this.#once(request, () => {
      const unknown = this.#unknown([a, b]);
      if (unknown.length > 0) return { ok: false, unknown };
      const memberIds = [Math.min(a, b), Math.max(a, b)];
      const pairKey = memberIds.join(':');
      const existing = this.#state.byPair.get(pairKey);
      if (existing !== undefined) return { ok: true, conversationId: existing.id, created: false, duplicate: false };
      const conversation = this.#state.addConversation({
        kind: 'personal',
        name: '',
        description: '',
        memberIds,
        ownerId: null,
        history: false,
      });
      this.#state.byPair.set(pairKey, conversation);
      return { ok: true, conversationId: conversation.id, created: true, duplicate: false };
    });
  }

  async createGroup(group: NewGroup): Promise<InitResult> {
    const { creatorId: ownerId, memberIds, name, description, history = false, request } = group;
    assertGroupMembers(ownerId, memberIds);
    assertRequest(request, [ownerId]);
    return this.#once(request, () => {
      const unknown = this.#unknown(memberIds);
      if (unknown.length > 0) return { ok: false, unknown };
      const fields = { kind: 'group', name, description, memberIds, ownerId, history } as const;
      const conversation = this.#state.addConversation(fields);
      return { ok: true, conversationId: conversation.id, created: true, duplicate: false };
    });
  }

  async setBlocked(blockerId: UserId, blockedId: UserId, blocked: boolean): Promise<InitResult> {
    const opened = await this.openPersonal(blockerId, blockedId);
    if (!opened.ok) return opened;
    const conversation = this.#state.conversations.get(opened.conversationId) as MemoryConversation;
    const member = conversation.members.get(blockedId) as MemoryMember;
    if (member.blocked !== blocked) {
      member.blocked = blocked;
      conversation.membersVersion += 1;
    }
    return opened;
  }

  async membershipsOf(userIds: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    const found: Membership[] = [];
    for (const userId of new Set(userIds)) {
      for (const conversation of this.#conversationsOf(userId)) {
        const member = conversation.members.get(userId) as MemoryMember;
        if (member.leftSeq === null) found.push(toMembership(conversation, member));
      }
    }
    return found;
  }

  async profilesOf(userIds: readonly UserId[]): Promise<Map<UserId, UserProfile>> {
    assertAtMost('users', userIds.length, STORE_LIMITS.maxMembershipUsers);
    const profiles = new Map<UserId, UserProfile>();
    for (const userId of new Set(userIds)) {
      const user = this.#state.users.get(userId);
      if (user === undefined) continue;
      const memberships: Membership[] = [];
      for (const conversation of this.#conversationsOf(userId)) {
        const member = conversation.members.get(userId) as MemoryMember;
        if (member.leftSeq === null || member.deliveredSeq < member.leftSeq)
          memberships.push(toMembership(conversation, member));
      }
      profiles.set(userId, { name: user.name, memberships });
    }
    return profiles;
  }

  async membership(userId: UserId, conversationId: ConversationId): Promise<Membership | null> {
    const conversation = this.#state.conversations.get(conversationId);
    const member = conversation?.members.get(userId);
    return conversation === undefined || member === undefined ? null : toMembership(conversation, member);
  }

  async membershipsIn(userId: UserId, conversationIds: readonly ConversationId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembershipsIn);
    const found: Membership[] = [];
    for (const id of new Set(conversationIds)) {
      const membership = await this.membership(userId, id);
      if (membership !== null) found.push(membership);
    }
    return found;
  }

  async membersOf(conversationIds: readonly ConversationId[], among?: readonly UserId[]): Promise<Membership[]> {
    assertAtMost('conversations', conversationIds.length, STORE_LIMITS.maxMembersOfConversations);
    const wanted = among === undefined ? null : new Set(among);
    const found: Membership[] = [];
    for (const id of new Set(conversationIds)) {
      const conversation = this.#state.conversations.get(id);
      if (conversation === undefined) continue;
      for (const member of [...conversation.members.values()].sort((a, b) => a.userId - b.userId)) {
        if (member.leftSeq === null && (wanted === null || wanted.has(member.userId)))
          found.push(toMembership(conversation, member));
      }
    }
    return found;
  }

  /** Answers a repeated request with its first result. */
  #once(request: InitRequest | undefined, init: () => InitResult): InitResult {
    if (request === undefined) return init();
    const key = `${request.userId} ${request.clientId}`;
    const first = this.#state.requests.get(key);
    if (first !== undefined) {
      if (first.digest !== request.digest) return { ok: false, conflict: true };
      return { ok: true, conversationId: first.conversationId, created: first.created, duplicate: true };
    }
    const result = init();
    if (result.ok) {
      const { conversationId, created } = result;
      this.#state.requests.set(key, { digest: request.digest, conversationId, created });
    }
    return result;
  }

  #conversationsOf(userId: UserId): MemoryConversation[] {
    return [...(this.#state.conversationsOf.get(userId) ?? [])].sort((a, b) => a.id - b.id);
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
    addedSeq: member.addedSeq,
    leftSeq: member.leftSeq,
    deliveredSeq: member.deliveredSeq,
    seenSeq: member.seenSeq,
    role: member.role,
    blocked: member.blocked,
  };
}
