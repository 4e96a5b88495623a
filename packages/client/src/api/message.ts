/** A member's standing in a group. Owners may do everything, admins all but roles and transfer. */
export type Role = 'owner' | 'admin' | 'member';

export type ConversationKind = 'personal' | 'group';

interface Numbered {
  readonly conversationId: number;
  /** Position in the conversation: 1, 2, 3 …; what orders a conversation. */
  readonly seq: number;
  /** Unique over all conversations; names a message and orders nothing. */
  readonly messageId: number;
  readonly senderId: number;
  readonly senderName: string;
  /** As given by the sender's client; `~…` for a client of the legacy protocol. */
  readonly clientId: string;
  /** Milliseconds since the epoch, when the server stored it. */
  readonly sentAtMs: number;
}

export interface ChatMessage extends Numbered {
  readonly type: 'message';
  readonly text: string;
}

/** What was done to a group; `senderId` did it. */
export type GroupChange =
  | { readonly kind: 'added'; readonly userIds: readonly number[] }
  | { readonly kind: 'removed'; readonly userId: number }
  | { readonly kind: 'left'; readonly userId: number }
  | { readonly kind: 'renamed'; readonly name: string }
  | { readonly kind: 'described'; readonly description: string }
  | { readonly kind: 'role'; readonly userId: number; readonly role: Role }
  | { readonly kind: 'transferred'; readonly userId: number; readonly from: number };

/** A change of a group: it has its place among the messages. */
export interface ChatEvent extends Numbered {
  readonly type: 'event';
  readonly change: GroupChange;
}

export type ConversationItem = ChatMessage | ChatEvent;
