import type { ReceiptStore } from '../ports/receipt-store.ts';
import { ReceiptWriter } from '../receipts/receipt-writer.ts';
import { DEFAULT_SETTINGS } from '../settings.ts';
import type { ConversationId, ConversationKind, Seq, UserId } from '../types.ts';
import { FakeClock } from './fake-clock.ts';
import type { Random } from './random.ts';
import { CountingTelemetry, silentLog } from './test-doubles.ts';

/** What the clients say: a legacy one answers a watermark a second; a current one says every 50 to 100 ms what it has, and perhaps what its user has seen. */
export type LoadClients = 'legacy' | 'current' | 'current and seeing';

export interface LoadConversation {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly members: readonly UserId[];
}

export interface ReceiptLoadOptions {
  readonly store: ReceiptStore;
  readonly conversations: readonly LoadConversation[];
  readonly clients: LoadClients;
  /** Of each conversation. Its messages are taken to be there. */
  readonly messagesPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly random: Random;
  /** Called, and waited for, when the warm-up is over, and again at the end. */
  readonly onMeasure: () => Promise<void>;
}

export interface ReceiptLoadReport {
  /** Between the two measures. */
  readonly messages: number;
  readonly receipts: number;
  readonly calls: number;
  readonly changes: number;
}

interface Due {
  readonly conversation: LoadConversation;
  readonly userId: UserId;
  readonly sees: boolean;
  dueMs: number;
}

/**
 * The receipts of a node at full load, written by its receipt writer through a real store: in the time of a fake clock, which stands still while the store is at work,
 * so that what is written does not depend on how quick this machine is.
 */
export async function runReceiptLoad(options: ReceiptLoadOptions): Promise<ReceiptLoadReport> {
  const { conversations, clients, messagesPerSecond, random } = options;
  const clock = new FakeClock(Date.UTC(2026, 0, 1) * 1_000);
  const counts = { receipts: 0, calls: 0, changes: 0 };
  let underWay: Promise<unknown> | null = null;
  const { personalReceiptWindowMs, groupReceiptWindowMs, maxPendingReceipts, maxReceiptBatchRows } = DEFAULT_SETTINGS;
  const writer = new ReceiptWriter({
    store: {
      apply: (batch) => {
        counts.calls += 1;
        const applied = options.store.apply(batch);
        underWay = applied.catch(() => {});
        return applied;
      },
    },
    clock,
    telemetry: new CountingTelemetry(),
    log: silentLog,
    settings: {
      ...{ personalWindowMs: personalReceiptWindowMs, groupWindowMs: groupReceiptWindowMs },
      ...{ maxPending: maxPendingReceipts, maxBatchRows: maxReceiptBatchRows },
    },
    onChanged: (changes) => {
      counts.changes += changes.length;
    },
  });
  const pauseMs = (): number => (clients === 'legacy' ? 1_000 : 50 + random.below(51));
  const due: Due[] = conversations.flatMap((conversation) =>
    conversation.members.flatMap((userId) =>
      (clients === 'current and seeing' ? [false, true] : [false]).map((sees) => ({
        ...{ conversation, userId, sees },
        dueMs: random.below(1_000),
      })),
    ),
  );
  const head = (): Seq => Math.floor((clock.nowMs() * messagesPerSecond) / 1_000);
  const warmUpMs = options.warmUpSeconds * 1_000;
  const endMs = warmUpMs + options.seconds * 1_000;
  while (clock.nowMs() < endMs) {
    if (clock.nowMs() === warmUpMs) {
      await options.onMeasure();
      Object.assign(counts, { receipts: 0, calls: 0, changes: 0 });
    }
    for (const each of due) {
      if (each.dueMs > clock.nowMs()) continue;
      each.dueMs += pauseMs();
      const { conversationId, kind } = each.conversation;
      counts.receipts += 1;
      if (each.sees) writer.seenUpto(each.userId, conversationId, kind, head());
      else writer.delivered(each.userId, conversationId, kind, head());
    }
    clock.advance(1);
    clock.tick();
    await settled();
    while (underWay !== null) {
      const call = underWay as Promise<unknown>;
      underWay = null;
      await call;
      await settled();
    }
  }
  await options.onMeasure();
  writer.stop();
  return { messages: options.seconds * messagesPerSecond * conversations.length, ...counts };
}

/** What waits for nothing but promises goes on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
