import type { ErrorName } from '@parley/protocol';
import type { ConversationId, GroupEvent, MessageId, Role, Seq, TimeUs, UserId } from '../types.ts';

export type GroupAction =
  /** Those who are members already are passed over. 1 to 100 users. */
  | { readonly kind: 'add'; readonly userIds: readonly UserId[] }
  | { readonly kind: 'remove'; readonly userId: UserId }
  | { readonly kind: 'leave' }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'describe'; readonly description: string }
  | { readonly kind: 'role'; readonly userId: UserId; readonly role: Role }
  /** `userId` becomes an owner, the actor an admin. */
  | { readonly kind: 'transfer'; readonly userId: UserId };

export interface GroupChange {
  readonly conversationId: ConversationId;
  /** Who makes the change. */
  readonly actorId: UserId;
  /** 1 to 64 characters of ASCII; one space with the actor's messages in this conversation (G3). */
  readonly clientId: string;
  readonly action: GroupAction;
  readonly atUs: TimeUs;
}

export type GroupChangeResult =
  /** `changed`: committed by this call. `duplicate`: the same change was committed before under this client id; the first event. */
  | {
      readonly kind: 'changed' | 'duplicate';
      readonly seq: Seq;
      readonly messageId: MessageId;
      readonly sentAtUs: TimeUs;
      /** The present one. */
      readonly membersVersion: number;
      readonly event: GroupEvent;
    }
  /** Nothing stored. `unknown`: with `unknown_member`, whom it is about. */
  | { readonly kind: 'refused'; readonly error: ErrorName; readonly unknown?: readonly UserId[] };

/**
 * Changes of groups. Each is a numbered event in the conversation's own sequence (G2, G7), committed in one transaction with what it changes, so that a
 * membership begins and ends at a sequence number: who is added has `joinedSeq` = the event's - 1 (0 when the group shows its history), who is removed or
 * leaves has `leftSeq` = the event's. A change of the members bumps the members' version. What may be done by whom: `decideGroupChange`.
 *
 * Who is added again sees from there on: the time of the earlier membership is no longer visible to them, and what was still pending of it is not
 * delivered any more.
 */
export interface GroupStore {
  /**
   * Safe to call concurrently, also with `append`. Rejects with a `StoreError`, as `append` does; after `unknown` the same call again is the only safe next
   * step. A client id that was used for another change or for a message is refused with `client_id_conflict`.
   */
  change(change: GroupChange): Promise<GroupChangeResult>;
}
