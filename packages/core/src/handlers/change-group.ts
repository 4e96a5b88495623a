import { backoffMs } from '../backoff.ts';
import { introduceGroup } from '../bus/group-introduction.ts';
import { NO_MEMBERS, type Publication } from '../bus/publication.ts';
import type { GroupAction, GroupChange, GroupChangeResult } from '../ports/group-store.ts';
import type { NodeServices } from '../services.ts';
import { storeFailure } from '../store-failure.ts';
import type { ConversationId } from '../types.ts';
import { publicationOf } from '../wire/message-frame.ts';
import { type Reply, refusal } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import { unknownMembers } from './refused-init.ts';
import { changeInTurn } from './turns.ts';

const RETRY_MIN_MS = 10;
const RETRY_MAX_MS = 1_000;

type Outcome =
  | GroupChangeResult
  /** Nothing is stored, nor will be. */
  | { readonly kind: 'failed'; readonly retryable: boolean }
  /** It may be committed, now or later. */
  | { readonly kind: 'unknown' };

/**
 * One change of a group (G2, G7): committed first, as an event in the group's own sequence, then told to its members and to those it adds. A repeat is
 * told again: the node that took the first one may have died before it could.
 */
export async function changeGroup(
  conversationId: ConversationId,
  clientId: string | undefined,
  action: GroupAction,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  const change: GroupChange = {
    conversationId,
    actorId: caller.user.id,
    clientId: clientId ?? services.clientIds.make(caller.sessionId),
    action,
    atUs: services.clock.nowUs(),
  };
  const giveUpAtMs = services.clock.nowMs() + services.settings.commitRetryForMs;
  const outcome = await changeInTurn(caller, async () => {
    if (action.kind === 'add' && services.settings.createUnknownMembers)
      await services.conversations.ensureUsers(action.userIds);
    return commit(change, giveUpAtMs, services);
  });
  switch (outcome.kind) {
    case 'changed':
    case 'duplicate': {
      const { messageId, seq, sentAtUs } = outcome;
      services.publisher.publish(publicationsOf(change, outcome, caller.user.name));
      if (seq === 1) void introduceGroup(conversationId, services);
      const duplicate = outcome.kind === 'duplicate';
      if (!duplicate) services.telemetry.groupChanged(outcome.event.kind);
      return { kind: 'ack', conversationId, messageId, seq, sentAtUs, clientId: change.clientId, duplicate };
    }
    case 'refused':
      return outcome.unknown === undefined ? refusal(outcome.error) : unknownMembers(outcome.unknown);
    case 'failed':
      return refusal(outcome.retryable ? 'store_unavailable' : 'internal');
    case 'unknown':
      services.doubtful.note({ conversationId, kind: 'group', members: NO_MEMBERS });
      return { kind: 'close', name: 'outcome_unknown' };
  }
}

/**
 * The same call again while that can help and its time is not over; once it may have been committed, the time begins anew. One that has waited for its
 * turn past its time, since the store was away, is not begun.
 */
async function commit(change: GroupChange, giveUpAtMs: number, services: NodeServices): Promise<Outcome> {
  const { clock, log, settings, random } = services;
  const { conversationId } = change;
  let untilMs = giveUpAtMs;
  let inDoubt = false;
  if (clock.nowMs() > untilMs) return { kind: 'failed', retryable: true };
  for (let failures = 1; ; failures++) {
    try {
      const result = await services.readLimiter.run(() => services.groups.change(change));
      // What was in doubt was this very call's: its own commit is no repeat.
      return inDoubt && result.kind === 'duplicate' ? { ...result, kind: 'changed', membersVersion: 0 } : result;
    } catch (error) {
      const { outcome, retryable, reason } = storeFailure(error);
      if (outcome === 'unknown' && !inDoubt) {
        inDoubt = true;
        untilMs = clock.nowMs() + settings.commitRetryForMs;
      }
      const delayMs = backoffMs(failures, RETRY_MIN_MS, RETRY_MAX_MS, random);
      const tryAgain = retryable && clock.nowMs() + delayMs <= untilMs;
      log.warn({ conversationId, action: change.action.kind, failures, reason, tryAgain }, 'a group change failed');
      if (!tryAgain) return inDoubt ? { kind: 'unknown' } : { kind: 'failed', retryable };
      await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
    }
  }
}

function publicationsOf(
  { conversationId, actorId, clientId }: GroupChange,
  {
    kind,
    seq,
    messageId,
    sentAtUs,
    membersVersion,
    event,
  }: Extract<GroupChangeResult, { kind: 'changed' | 'duplicate' }>,
  senderName: string,
): Publication[] {
  const body = JSON.stringify(event);
  const numbered = { conversationId, kind: 'group', seq, messageId, sentAtUs } as const;
  const message = { ...numbered, senderId: actorId, senderName, clientId, body, isEvent: true };
  // Of a repeat the version is today's, which may be behind later changes.
  const publication = publicationOf(message, NO_MEMBERS, 0, kind === 'changed' ? membersVersion : 0);
  if (event.kind !== 'added') return [publication];
  return [publication, { type: 'joined', conversationId, userIds: event.user_id }];
}
