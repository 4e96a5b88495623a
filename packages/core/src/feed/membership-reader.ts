import { Coalescer } from '../coalescer.ts';
import type { ConversationStore, UserProfile } from '../ports/conversation-store.ts';
import type { ConversationId, Membership, UserId } from '../types.ts';

const MAX_USERS_PER_READ = 256;
const MAX_CONVERSATIONS_PER_READ = 256;
const MAX_MEMBERSHIPS_PER_READ = 1_000;

type ReaderStore = Pick<ConversationStore, 'profilesOf' | 'membersOf' | 'membershipsIn'>;

/** Reads memberships in pages that the store takes, from the primary. Each call rejects with a `StoreError`. */
export class MembershipReader {
  readonly #conversations: ReaderStore;
  readonly #profiles: Coalescer<UserId, UserProfile | null>;

  constructor(conversations: ReaderStore) {
    this.#conversations = conversations;
    this.#profiles = new Coalescer(MAX_USERS_PER_READ, async (userIds) => {
      const profiles = await this.#conversations.profilesOf([...new Set(userIds)]);
      return userIds.map((userId) => profiles.get(userId) ?? null);
    });
  }

  /** Users that are asked for while a read is under way share the next one. Null when the store does not know the user. */
  profile(userId: UserId): Promise<UserProfile | null> {
    return this.#profiles.ask(userId);
  }

  /** Of these users, those that are members of the conversation now. */
  membersOf(conversationId: ConversationId, userIds: readonly UserId[]): Promise<readonly Membership[]> {
    return this.#conversations.membersOf([conversationId], userIds);
  }

  /** Of the user, present and past. A read for each thousand. */
  async membershipsIn(userId: UserId, conversationIds: readonly ConversationId[]): Promise<Membership[]> {
    const rows: Membership[] = [];
    for (let at = 0; at < conversationIds.length; at += MAX_MEMBERSHIPS_PER_READ) {
      const page = conversationIds.slice(at, at + MAX_MEMBERSHIPS_PER_READ);
      rows.push(...(await this.#conversations.membershipsIn(userId, page)));
    }
    return rows;
  }

  /** The rows as they are now, also of those who are no members any more. */
  async again(rows: readonly Pick<Membership, 'userId' | 'conversationId'>[]): Promise<Membership[]> {
    const wanted = new Map(rows.map((row) => [`${row.userId} ${row.conversationId}`, row]));
    const again: Membership[] = [];
    for (let at = 0; at < rows.length; at += MAX_CONVERSATIONS_PER_READ) {
      const page = rows.slice(at, at + MAX_CONVERSATIONS_PER_READ);
      const conversations = [...new Set(page.map((row) => row.conversationId))];
      for (const row of await this.#conversations.membersOf(conversations, [...new Set(page.map((r) => r.userId))])) {
        if (wanted.delete(`${row.userId} ${row.conversationId}`)) again.push(row);
      }
    }
    // Not present any more.
    const gone = new Map<UserId, ConversationId[]>();
    for (const { userId, conversationId } of wanted.values()) {
      const of = gone.get(userId);
      if (of === undefined) gone.set(userId, [conversationId]);
      else of.push(conversationId);
    }
    for (const [userId, conversationIds] of gone) again.push(...(await this.membershipsIn(userId, conversationIds)));
    return again;
  }
}
