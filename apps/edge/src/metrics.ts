import type { ChatNodeStatus, HintKind, Log, NoticeKind, Protocol, ResetReason, Telemetry } from '@parley/core';
import { CLOSE_CODES, ERROR_CODES, type ErrorName } from '@parley/protocol';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { addStatusGauges } from './status-gauges.ts';
import { LabelledTally, Tally } from './tally.ts';

/** Seconds; the aims are milliseconds, the tail is what a bus outage makes. */
const LATENCY_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Codes that a client may send are many; those that mean something are these, and the rest is `other`. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  ...[1000, 1001, 1005, 1006, 1009, 1011],
  ...Object.values(CLOSE_CODES).map(({ code }) => code),
]);

/** Counts for Prometheus. Each help text names the promise that the number speaks of. */
export class Metrics implements Telemetry {
  readonly registry = new Registry();
  readonly #log: Log;
  #open = 0;
  readonly #sessions: Record<Protocol, number> = { legacy: 0, current: 0 };
  readonly #opened: Tally;
  readonly #closed: LabelledTally;
  readonly #slow: Tally;
  readonly #refused: LabelledTally;
  readonly #signedIn: LabelledTally;
  readonly #resumes: Tally;
  readonly #resumedConversations: Tally;
  readonly #resumedMessages: Tally;
  readonly #resets: LabelledTally;
  readonly #notices: LabelledTally;
  readonly #droppedHints: LabelledTally;
  readonly #presentStatus: Tally;
  readonly #groupChanges: LabelledTally;
  readonly #duplicates: LabelledTally;
  readonly #received: LabelledTally;
  readonly #delivered: Tally;
  readonly #backlog: Tally;
  readonly #errors: LabelledTally;
  readonly #committedRows: Tally;
  readonly #commitRetries: LabelledTally;
  readonly #commitSeconds: Histogram;
  readonly #commitRows: Histogram;
  readonly #deliverySeconds: Histogram;
  readonly #envelopesOut: Tally;
  readonly #publicationsOut: Tally;
  readonly #unpublished: Tally;
  readonly #envelopesIn: Tally;
  readonly #publicationsIn: Tally;
  readonly #busLosses: Tally;
  readonly #deaths: Tally;
  readonly #gaps: Tally;
  readonly #gapMessages: Tally;
  readonly #audit: Tally;
  readonly #behind: Tally;
  readonly #receipts: Tally;

  constructor(log: Log) {
    this.#log = log;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const tally = (name: string, help: string) => new Tally(this.registry, name, help);
    const labelled = (name: string, help: string, label: string, known?: readonly string[]) =>
      new LabelledTally(this.registry, name, help, label, known);
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
    this.#opened = tally('parley_connections_opened_total', 'Connections taken');
    this.#closed = labelled('parley_connections_closed_total', 'Connections ended, by close code', 'code', [
      ...[...KNOWN_CODES].map(String),
      'other',
    ]);
    this.#slow = tally('parley_slow_closes_total', 'G8: connections ended since the client read too slowly');
    this.#refused = labelled('parley_handshakes_refused_total', 'HTTP requests that became no WebSocket', 'reason');
    this.#signedIn = labelled('parley_sign_ins_total', 'G7: sign-ins that succeeded, by protocol', 'protocol', [
      'legacy',
      'current',
    ]);
    this.#resumes = tally('parley_resumes_total', 'G4: devices of the current protocol brought up to date');
    this.#resumedConversations = tally('parley_resumed_conversations_total', 'G4: conversations answered in them');
    this.#resumedMessages = tally('parley_resumed_messages_total', 'G4: missed messages sent in them');
    this.#resets = labelled(
      'parley_cursor_resets_total',
      'G1: devices told to forget what they have; ahead: they know of more than the database has; unknown: of conversations that never were theirs',
      'reason',
      ['ahead', 'epoch', 'unknown'],
    );
    this.#notices = labelled(
      'parley_notices_told_total',
      'G6: frames of status, typing, presence, refresh_needed and goaway',
      'kind',
      ['status', 'typing', 'presence', 'refresh_needed', 'goaway'],
    );
    this.#droppedHints = labelled(
      'parley_hints_dropped_total',
      'G6: statuses and typing that other nodes were not told of, since the bus was away: the next one says more',
      'kind',
      ['status', 'typing'],
    );
    this.#presentStatus = tally(
      'parley_present_status_reads_total',
      'G6: reads of statuses for devices that were away',
    );
    this.#groupChanges = labelled('parley_group_changes_total', 'G7: changes of groups committed, by kind', 'kind');
    this.#duplicates = labelled('parley_duplicates_answered_total', 'G3: repeats answered as the first time', 'type');
    this.#received = labelled('parley_frames_received_total', 'Frames of clients, by type', 'type');
    this.#delivered = tally('parley_messages_delivered_total', 'G4: message frames handed to sockets as they came');
    this.#backlog = tally('parley_backlog_messages_total', 'G4: message frames handed to sockets on connect');
    this.#errors = labelled('parley_errors_sent_total', 'Error frames, by name', 'name', Object.keys(ERROR_CODES));
    this.#committedRows = tally('parley_messages_committed_total', 'G1: messages committed');
    this.#commitRetries = labelled('parley_commit_retries_total', 'G3: transactions run again, by outcome', 'outcome', [
      'not_committed',
      'unknown',
    ]);
    this.#commitSeconds = new Histogram({
      name: 'parley_commit_seconds',
      help: 'G1: time of one transaction of messages',
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#commitRows = new Histogram({
      name: 'parley_commit_rows',
      help: 'G1: messages in one transaction',
      buckets: BATCH_BUCKETS,
      registers,
    });
    this.#deliverySeconds = new Histogram({
      name: 'parley_delivery_seconds',
      help: 'G4: from commit on any node to the hand-over to local sockets, the lag of the bus included',
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#envelopesOut = tally('parley_bus_envelopes_sent_total', 'G4: envelopes published, one per node and flush');
    this.#publicationsOut = tally('parley_bus_publications_sent_total', 'G4: messages in them');
    this.#unpublished = tally('parley_bus_unannounced_total', 'G4: heads whose announcement failed and is made again');
    this.#envelopesIn = tally('parley_bus_envelopes_received_total', 'G4: envelopes received');
    this.#publicationsIn = tally('parley_bus_publications_received_total', 'G4: messages in them');
    this.#busLosses = tally(
      'parley_bus_losses_total',
      'G4: times the bus may have lost something, and heads were checked',
    );
    this.#deaths = tally('parley_node_deaths_total', 'G9: nodes whose lease has ended, noticed by this one first');
    this.#gaps = tally('parley_gaps_repaired_total', 'G5: gaps filled from the store');
    this.#gapMessages = tally('parley_gap_messages_total', 'G5: messages in them');
    this.#audit = tally('parley_audit_found_total', 'G4: conversations that only the audit found behind; must stay 0');
    this.#behind = tally(
      'parley_store_behind_total',
      'G1: conversations of which the database has less than was delivered here; must stay 0',
    );
    this.#receipts = tally('parley_receipts_written_total', 'G6: status steps written');
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

  /** Adds the gauges that are read off the engine when somebody looks. */
  watch(status: () => ChatNodeStatus): void {
    addStatusGauges(this.registry, status);
  }

  connectionOpened(): void {
    this.#open += 1;
    this.#opened.add(1);
  }

  connectionClosed(code: number, slow: boolean, protocol: Protocol | null): void {
    this.#open -= 1;
    if (protocol !== null) this.#sessions[protocol] -= 1;
    this.#closed.add(KNOWN_CODES.has(code) ? String(code) : 'other');
    if (slow) this.#slow.add(1);
  }

  handshakeRefused(reason: string): void {
    this.#refused.add(reason);
  }

  signedIn(protocol: Protocol): void {
    this.#sessions[protocol] += 1;
    this.#signedIn.add(protocol);
  }

  resumed(conversations: number, recovered: number): void {
    this.#resumes.add(1);
    this.#resumedConversations.add(conversations);
    this.#resumedMessages.add(recovered);
  }

  cursorReset(reason: ResetReason): void {
    this.#resets.add(reason);
  }

  noticeTold(kind: NoticeKind, frames: number): void {
    this.#notices.add(kind, frames);
  }

  presentStatusRead(): void {
    this.#presentStatus.add(1);
  }

  groupChanged(kind: string): void {
    this.#groupChanges.add(kind);
  }

  duplicateAnswered(type: string): void {
    this.#duplicates.add(type);
  }

  frameReceived(type: string): void {
    this.#received.add(type);
  }

  frameDelivered(count: number): void {
    this.#delivered.add(count);
  }

  errorSent(name: ErrorName): void {
    this.#errors.add(name);
  }

  committed(rows: number, commitMs: number): void {
    this.#committedRows.add(rows);
    this.#commitSeconds.observe(commitMs / 1_000);
    this.#commitRows.observe(rows);
  }

  commitRetried(outcome: 'not_committed' | 'unknown'): void {
    this.#commitRetries.add(outcome);
  }

  deliveryLatency(ms: number): void {
    this.#deliverySeconds.observe(ms / 1_000);
  }

  published(envelopes: number, publications: number): void {
    this.#envelopesOut.add(envelopes);
    this.#publicationsOut.add(publications);
  }

  publishFailed(heads: number): void {
    this.#unpublished.add(heads);
  }

  envelopeReceived(publications: number): void {
    this.#envelopesIn.add(1);
    this.#publicationsIn.add(publications);
  }

  hintDropped(kind: HintKind): void {
    this.#droppedHints.add(kind);
  }

  nodeDied(): void {
    this.#deaths.add(1);
  }

  /** The reason is for people: it goes to the log and into no label. */
  busLoss(reason: string): void {
    this.#busLosses.add(1);
    this.#log.warn({ reason }, 'the bus may have lost something; heads are being checked');
  }

  gapRepaired(messages: number): void {
    this.#gaps.add(1);
    this.#gapMessages.add(messages);
  }

  auditFound(conversations: number): void {
    this.#audit.add(conversations);
    this.#log.error({ conversations }, 'the audit found conversations behind that no other check had seen');
  }

  storeBehind(conversations: number): void {
    this.#behind.add(conversations);
  }

  receiptsWritten(rows: number): void {
    this.#receipts.add(rows);
  }

  backlogDelivered(messages: number): void {
    this.#backlog.add(messages);
  }
}
