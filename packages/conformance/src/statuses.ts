import { statusOf } from './chat.ts';
import type { CurrentPeer } from './current-peer.ts';
import { anId, anything, differences, integer, like, listOf, typeOf } from './pattern.ts';
import type { Scene } from './scene.ts';

interface StatusFrame {
  readonly conv_id: number;
  readonly user_id: number;
  readonly delivered_seq: number;
  readonly seen_seq: number;
  readonly message_id?: readonly number[];
}

export interface Told {
  readonly delivered: number;
  readonly seen: number;
  readonly messageIds?: readonly number[];
}

/**
 * Takes the statuses of one reader until they say this much. They are coalesced, so that any number of steps may come before, but each goes forward and none beyond.
 * @returns how many there were
 */
export async function statusReaches(
  peer: CurrentPeer,
  conversation: number,
  user: number,
  { delivered, seen, messageIds }: Told,
): Promise<number> {
  let last = { delivered: 0, seen: 0 };
  for (let count = 1; ; count++) {
    const { json, text } = await peer.take(`a status of user ${user} in ${conversation}`, (unread) => {
      const at = unread.findIndex(({ json }) => isStatusOf(json, conversation, user));
      return at < 0 ? undefined : { at };
    });
    const told = json as StatusFrame;
    const now = { delivered: told.delivered_seq, seen: told.seen_seq };
    const forward = now.delivered >= last.delivered && now.seen >= last.seen;
    if (!forward) throw peer.failure(`a status went back from ${JSON.stringify(last)} to ${text}`);
    if (now.delivered > delivered || now.seen > seen) {
      throw peer.failure(`expected at most delivered ${delivered} and seen ${seen}, got ${text}`);
    }
    last = now;
    const wanted = statusOf(conversation, user, delivered, seen, messageIds);
    if (differences(json, wanted).length === 0) return count;
  }
}

function isStatusOf(json: unknown, conversation: number, user: number): boolean {
  const { conv_id, user_id } = (json ?? {}) as Partial<StatusFrame>;
  return typeOf(json) === 'status' && conv_id === conversation && user_id === user;
}

/** Waits until the store says so, whoever is told. */
export function memberReaches(
  scene: Scene,
  peer: CurrentPeer,
  conversation: number,
  user: number,
  delivered: number,
  seen: number,
): Promise<void> {
  return scene.eventually(`user ${user} to have ${conversation} up to ${delivered}, seen ${seen}`, async () => {
    const answer = { type: 'members', conv_id: conversation, members: listOf(member), next: anything } as const;
    const { members } = await peer.ask({ type: 'members', conv_id: conversation }, answer);
    const found = members.find(({ user_id }) => user_id === user);
    return found?.delivered_seq === delivered && found.seen_seq === seen;
  });
}

const member = like({ user_id: anId, delivered_seq: integer(0), seen_seq: integer(0) });
