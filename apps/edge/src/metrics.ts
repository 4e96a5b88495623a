import type { ChatNodeStatus, HintKind, Log, NoticeKind, Protocol, ResetReason, Telemetry } from '@parley/core';
import type { ErrorName } from '@parley/protocol';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type Counters, closeCodeLabel, makeCounters } from './counters.ts';
import { addStatusMetrics } from './status-metrics.ts';

/** What the engine tells of itself, as numbers for Prometheus, and here and there as a line of the log. */
export class Metrics implements Telemetry {
  readonly registry = new Registry();
  readonly #log: Log;
  #open = 0;
  readonly #sessions: Record<Protocol, number> = { legacy: 0, current: 0 };
  readonly #counters: Counters;

  constructor(log: Log) {
    this.#log = log;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const open = (): number => this.#open;
    new Gauge({
      name: 'parley_connections',
      help: 'G8: open connections',
      registers,
      collect() {
        this.set(open());
      },
    });
    const sessions = this.#sessions;
    new Gauge({
      name: 'parley_sessions',
      help: 'Sessions that are signed in, by protocol',
      labelNames: ['protocol'],
      registers,
      collect() {
        for (const [protocol, count] of Object.entries(sessions)) this.set({ protocol }, count);
      },
    });
    this.#counters = makeCounters(this.registry);
  }

  /** What this node is, as labels of a number that is always 1. */
  describe(labels: Readonly<Record<string, string>>): void {
    const info = new Gauge({
      name: 'parley_info',
      help: 'What this node is',
      labelNames: Object.keys(labels),
      registers: [this.registry],
    });
    info.set(labels, 1);
  }

  /** Adds the numbers that are read off the engine when somebody looks. */
  watch(status: () => ChatNodeStatus): void {
    addStatusMetrics(this.registry, status);
  }

  connectionOpened(): void {
    this.#open += 1;
    this.#counters.opened.add(1);
  }

  connectionClosed(code: number, slow: boolean, protocol: Protocol | null): void {
    this.#open -= 1;
    if (protocol !== null) this.#sessions[protocol] -= 1;
    this.#counters.closed.add(closeCodeLabel(code));
    if (slow) this.#counters.slow.add(1);
  }

  handshakeRefused(reason: string): void {
    this.#counters.refused.add(reason);
  }

  signedIn(protocol: Protocol): void {
    this.#sessions[protocol] += 1;
    this.#counters.signedIn.add(protocol);
  }

  resumed(conversations: number, recovered: number): void {
    this.#counters.resumes.add(1);
    this.#counters.resumedConversations.add(conversations);
    this.#counters.resumedMessages.add(recovered);
  }

  cursorReset(reason: ResetReason): void {
    this.#counters.resets.add(reason);
  }

  noticeTold(kind: NoticeKind, frames: number): void {
    this.#counters.notices.add(kind, frames);
  }

  presentStatusRead(): void {
    this.#counters.presentStatus.add(1);
  }

  groupChanged(kind: string): void {
    this.#counters.groupChanges.add(kind);
  }

  duplicateAnswered(type: string): void {
    this.#counters.duplicates.add(type);
  }

  frameReceived(type: string): void {
    this.#counters.received.add(type);
  }

  frameDelivered(count: number): void {
    this.#counters.delivered.add(count);
  }

  errorSent(name: ErrorName): void {
    this.#counters.errors.add(name);
  }

  committed(rows: number, commitMs: number): void {
    this.#counters.committedRows.add(rows);
    this.#counters.commitSeconds.observe(commitMs / 1_000);
    this.#counters.commitRows.observe(rows);
  }

  commitRetried(outcome: 'not_committed' | 'unknown'): void {
    this.#counters.commitRetries.add(outcome);
  }

  deliveryLatency(ms: number): void {
    this.#counters.deliverySeconds.observe(ms / 1_000);
  }

  published(envelopes: number, publications: number): void {
    this.#counters.envelopesOut.add(envelopes);
    this.#counters.publicationsOut.add(publications);
  }

  publishFailed(heads: number): void {
    this.#counters.unpublished.add(heads);
  }

  envelopeReceived(publications: number): void {
    this.#counters.envelopesIn.add(1);
    this.#counters.publicationsIn.add(publications);
  }

  hintDropped(kind: HintKind): void {
    this.#counters.droppedHints.add(kind);
  }

  nodeDied(): void {
    this.#counters.deaths.add(1);
  }

  /** The reason is for people: it goes to the log and into no label. */
  busLoss(reason: string): void {
    this.#counters.busLosses.add(1);
    this.#log.warn({ reason }, 'the bus may have lost something; heads are being checked');
  }

  gapRepaired(messages: number): void {
    this.#counters.gaps.add(1);
    this.#counters.gapMessages.add(messages);
  }

  auditFound(conversations: number): void {
    this.#counters.audit.add(conversations);
    this.#log.error({ conversations }, 'the audit found conversations behind that no other check had seen');
  }

  storeBehind(conversations: number): void {
    this.#counters.behind.add(conversations);
  }

  receiptsWritten(rows: number): void {
    this.#counters.receipts.add(rows);
  }

  backlogDelivered(messages: number): void {
    this.#counters.backlog.add(messages);
  }
}
