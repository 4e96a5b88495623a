import {
  assertGroupChange,
  decideGroupChange,
  type GroupDecision,
  textOfAction,
  usersOf,
} from '../commit/group-rules.ts';
import type { GroupChange, GroupChangeResult, GroupStore } from '../ports/group-store.ts';
import type { GroupEvent, Role, Seq, UserId } from '../types.ts';
import type { MemoryConversation, MemoryMember, MemoryMessage, MemoryState } from './memory-state.ts';
import { clientKey } from './message-store-memory.ts';

/** Each change runs to its end without giving way, which is what makes it atomic and ordered. */
export class MemoryGroupStore implements GroupStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async change(change: GroupChange): Promise<GroupChangeResult> {
    assertGroupChange(change);
    const { actorId, action } = change;
    const conversation = this.#state.conversations.get(change.conversationId);
    if (conversation === undefined) return { kind: 'refused', error: 'not_a_member' };
    if (conversation.kind === 'personal') {
      const member = conversation.members.has(actorId);
      return { kind: 'refused', error: member ? 'wrong_conversation_type' : 'not_a_member' };
    }
    const key = clientKey({ senderId: actorId, clientId: change.clientId });
    const first = conversation.byClientId.get(key);
    if (first !== undefined) {
      if (conversation.changeTexts.get(key) !== textOfAction(action))
        return { kind: 'refused', error: 'client_id_conflict' };
      return resultOf('duplicate', conversation, first);
    }
    const targets = usersOf(action);
    const present = [...conversation.members.values()].filter((member) => member.leftSeq === null);
    const decision = decideGroupChange(action, {
      actorId,
      actorRole: roleOf(conversation, actorId),
      name: conversation.name,
      description: conversation.description,
      members: present.length,
      owners: present.filter((member) => member.role === 'owner').length,
      targets: new Map(targets.map((userId) => [userId, roleOf(conversation, userId)])),
      unknownUsers: targets.filter((userId) => !this.#state.users.has(userId)),
    });
    if (!decision.ok) {
      const { error, unknown } = decision;
      return unknown === undefined ? { kind: 'refused', error } : { kind: 'refused', error, unknown };
    }
    const event = this.#append(conversation, change, decision.event);
    conversation.changeTexts.set(key, textOfAction(action));
    this.#apply(conversation, decision, event.seq);
    return resultOf('changed', conversation, event);
  }

  #append(conversation: MemoryConversation, change: GroupChange, event: GroupEvent): MemoryMessage {
    const message: MemoryMessage = {
      conversationId: conversation.id,
      kind: 'group',
      seq: conversation.messages.length + 1,
      messageId: this.#state.messages.length + 1,
      senderId: change.actorId,
      recipientId: null,
      clientId: change.clientId,
      body: JSON.stringify(event),
      sentAtUs: change.atUs,
      isEvent: true,
      status: 'sent',
      deliveredAtUs: null,
      seenAtUs: null,
    };
    this.#state.append(conversation, clientKey(message), message);
    return message;
  }

  #apply(conversation: MemoryConversation, decision: GroupDecision & { readonly ok: true }, seq: Seq): void {
    for (const userId of decision.joins) {
      const member = conversation.members.get(userId) ?? this.#state.addMember(conversation, userId, 'member');
      member.role = 'member';
      member.leftSeq = null;
      member.departure = null;
      member.addedSeq = seq - 1;
      member.joinedSeq = conversation.history ? 0 : seq - 1;
      member.deliveredSeq = Math.max(member.deliveredSeq, seq - 1);
      member.deliveredAtUs = null;
      member.seenAtUs = null;
    }
    for (const userId of decision.leaves) (conversation.members.get(userId) as MemoryMember).leftSeq = seq;
    const members = [...conversation.members.values()].filter((member) => member.leftSeq === null).length;
    const { name, description } = conversation;
    for (const userId of decision.leaves)
      (conversation.members.get(userId) as MemoryMember).departure = { name, description, members };
    for (const [userId, role] of decision.roles) (conversation.members.get(userId) as MemoryMember).role = role;
    conversation.name = decision.name ?? conversation.name;
    conversation.description = decision.description ?? conversation.description;
    if (decision.joins.length + decision.leaves.length > 0) conversation.membersVersion += 1;
  }
}

function roleOf(conversation: MemoryConversation, userId: UserId): Role | null {
  const member = conversation.members.get(userId);
  return member === undefined || member.leftSeq !== null ? null : member.role;
}

const resultOf = (
  kind: 'changed' | 'duplicate',
  { membersVersion }: MemoryConversation,
  { seq, messageId, sentAtUs, body }: MemoryMessage,
): GroupChangeResult => ({ kind, seq, messageId, sentAtUs, membersVersion, event: JSON.parse(body) as GroupEvent });
