import type { Hello } from '@parley/protocol';
import type { LoadedConversation } from '../feed/membership-loader.ts';
import type { ConversationId, Membership, Seq } from '../types.ts';
import { DeviceCursors } from './device-cursors.ts';

/** What a device of the current protocol says it has. */
export interface Resume {
  /** Null: as far as the server knows the user's devices to be. */
  readonly cursors: DeviceCursors | null;
  /** False when the cursors belong to another store, or to this one before it was put back. */
  readonly sameEpoch: boolean;
  /** Which of the cursors are groups, as far as the device knows. */
  readonly groups: readonly ConversationId[];
  /** Conversations whose present statuses to tell; null: all, within bounds. */
  readonly statusOf: readonly ConversationId[] | null;
}

/** As its `hello` says. */
export function resumeOf({ cursors, groups, epoch, status_of }: Hello, storeEpoch: string): Resume {
  const own = cursors === undefined || cursors === 'server' ? null : cursors;
  return {
    cursors: own === null ? null : new DeviceCursors(own),
    sameEpoch: epoch === undefined || epoch === storeEpoch,
    groups: groups ?? [],
    statusOf: status_of ?? null,
  };
}

/** The seq behind which a device goes on in a conversation of its user; null: its cursor means nothing here. */
export function goesOnBehind(resume: Resume | null, { conversationId, deliveredSeq, head }: Membership): Seq | null {
  const cursor = resume?.cursors?.get(conversationId);
  if (cursor === undefined) return deliveredSeq;
  return resume?.sameEpoch === true && cursor <= head ? cursor : null;
}

/** Cursors of conversations that are neither among what was read, which lists none twice, nor open. */
export function unknownCursors(
  loaded: readonly LoadedConversation[],
  cursors: Resume['cursors'],
  open: ReadonlyMap<ConversationId, Seq>,
): readonly ConversationId[] {
  if (cursors === null) return [];
  let found = 0;
  for (const { row } of loaded) if (cursors.get(row.conversationId) !== undefined) found++;
  if (found === cursors.size) return [];
  const known = new Set(loaded.map(({ row }) => row.conversationId));
  return cursors.conversationIds().filter((id) => !known.has(id) && !open.has(id));
}
