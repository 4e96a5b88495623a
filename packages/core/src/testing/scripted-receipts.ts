import { StoreError } from '../ports/message-store.ts';
import type { ReceiptBatch, ReceiptStore, StatusChange } from '../ports/receipt-store.ts';
import { type MemberReceipts, receiptsByMember } from '../receipts/receipt-plan.ts';
import { decideReceipts, type MemberStanding, statusChange } from '../receipts/receipt-step.ts';
import type { ConversationId, ConversationKind, MessageId, Seq, TimeUs, UserId } from '../types.ts';
import { ScriptedCalls } from './scripted-calls.ts';

/** How one call goes. `unknown_applied`: it fails for the caller, but was written. */
export type ReceiptStep = 'ok' | 'fail' | 'fatal' | 'unknown_applied' | 'throw' | 'throw_now';

/** What a user has made of a conversation, as far as it was written. */
export interface WrittenStatus {
  deliveredSeq: Seq;
  deliveredAtUs: TimeUs | null;
  seenSeq: Seq;
  seenAtUsOfCursor: TimeUs | null;
  /** The first time that was written for it. */
  readonly seenAtUs: Map<Seq, TimeUs>;
}

/** The peer that a scripted user has in its personal conversations. */
export const scriptedPeer = (userId: UserId): UserId => userId + 1_000_000;

/** The id that a scripted message has. */
export const scriptedMessageId = (conversationId: ConversationId, seq: Seq): MessageId => conversationId * 1_000 + seq;

/** `ReceiptStore` as its port promises it, in memory, whose calls fail as a test says: each takes the next of `steps`, or `step` when there is none. */
export class ScriptedReceipts extends ScriptedCalls implements ReceiptStore {
  readonly steps: ReceiptStep[] = [];
  step: () => ReceiptStep = () => 'ok';
  /** Users whose receipts are refused, and with them all of the call. */
  readonly poison = new Set<UserId>();
  readonly calls: ReceiptBatch[] = [];
  readonly written = new Map<string, WrittenStatus>();

  apply(batch: ReceiptBatch): Promise<readonly StatusChange[]> {
    this.calls.push(batch);
    const step = this.steps.shift() ?? this.step();
    if (step === 'throw_now') throw new TypeError('a bug, before the call');
    return this.run(() => this.#finish(step, batch));
  }

  status(userId: UserId, conversationId: ConversationId): WrittenStatus {
    const key = `${userId}:${conversationId}`;
    const known = this.written.get(key);
    if (known !== undefined) return known;
    const status: WrittenStatus = {
      ...{ deliveredSeq: 0, deliveredAtUs: null, seenSeq: 0, seenAtUsOfCursor: null },
      seenAtUs: new Map(),
    };
    this.written.set(key, status);
    return status;
  }

  #finish(step: ReceiptStep, batch: ReceiptBatch): readonly StatusChange[] {
    if (step === 'fail') throw new StoreError('deadlock', { outcome: 'not_committed', retryable: true });
    if (step === 'fatal') throw new StoreError('disk full', { outcome: 'not_committed', retryable: false });
    if (step === 'throw') throw new TypeError('a bug');
    const receipts = [...batch.delivered, ...batch.seen, ...batch.seenUpto];
    if (receipts.some((receipt) => this.poison.has(receipt.userId))) {
      throw new StoreError('no such member', { outcome: 'not_committed', retryable: false });
    }
    const changes = this.#write(batch);
    if (step === 'unknown_applied') {
      throw new StoreError('connection lost in COMMIT', { outcome: 'unknown', retryable: true });
    }
    return changes;
  }

  #write(batch: ReceiptBatch): StatusChange[] {
    const groups = new Set<ConversationId>();
    for (const { conversationId, kind } of [...batch.delivered, ...batch.seenUpto]) {
      if (kind === 'group') groups.add(conversationId);
    }
    return receiptsByMember(batch)
      .map((receipts) =>
        this.#member(receipts, groups.has(receipts.conversationId) ? 'group' : 'personal', batch.again === true),
      )
      .filter((change) => change !== null);
  }

  #member(receipts: MemberReceipts, kind: ConversationKind, again: boolean): StatusChange | null {
    const { userId, conversationId } = receipts;
    const status = this.status(userId, conversationId);
    const { deliveredSeq, deliveredAtUs, seenSeq, seenAtUsOfCursor: seenAtUs } = status;
    const before: MemberStanding = {
      ...{ kind, peerId: kind === 'personal' ? scriptedPeer(userId) : null, reach: Number.MAX_SAFE_INTEGER },
      ...{ joinedSeq: 0, deliveredSeq, deliveredAtUs, seenSeq, seenAtUs },
    };
    const step = decideReceipts(before, receipts);
    const seen: { seq: Seq; messageId: MessageId }[] = [];
    for (const { seq, atUs } of step.exact) {
      if (status.seenAtUs.has(seq) && !again) continue;
      if (!status.seenAtUs.has(seq)) status.seenAtUs.set(seq, atUs);
      seen.push({ seq, messageId: scriptedMessageId(conversationId, seq) });
    }
    status.deliveredSeq = step.after.deliveredSeq;
    status.deliveredAtUs = step.after.deliveredAtUs;
    status.seenSeq = step.after.seenSeq;
    status.seenAtUsOfCursor = step.after.seenAtUs;
    return statusChange(receipts, before, step, seen, again);
  }
}
