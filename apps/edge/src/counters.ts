import { CLOSE_CODES, ERROR_CODES } from '@parley/protocol';
import { Histogram, type Registry } from 'prom-client';
import { LabelledTally, Tally } from './tally.ts';

/** Seconds; the aims are milliseconds, the tail is what a bus outage makes. */
const LATENCY_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/** Codes that a client may send are many; those that mean something are these, and the rest is `other`. */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  ...[1000, 1001, 1005, 1006, 1009, 1011],
  ...Object.values(CLOSE_CODES).map(({ code }) => code),
]);

/** The label value of a close code. */
export const closeCodeLabel = (code: number): string => (KNOWN_CODES.has(code) ? String(code) : 'other');

export type Counters = ReturnType<typeof makeCounters>;

/** Everything that a node counts. Each help text names the promise that the number speaks of. */
export function makeCounters(registry: Registry) {
  const tally = (name: string, help: string) => new Tally(registry, name, help);
  const labelled = (name: string, help: string, label: string, known?: readonly string[]) =>
    new LabelledTally(registry, name, help, label, known);
  const registers = [registry];
  return {
    opened: tally('parley_connections_opened_total', 'Connections taken'),
    closed: labelled('parley_connections_closed_total', 'Connections ended, by close code', 'code', [
      ...[...KNOWN_CODES].map(String),
      'other',
    ]),
    slow: tally('parley_slow_closes_total', 'G8: connections ended since the client read too slowly'),
    refused: labelled('parley_handshakes_refused_total', 'HTTP requests that became no WebSocket', 'reason'),
    signedIn: labelled('parley_sign_ins_total', 'G7: sign-ins that succeeded, by protocol', 'protocol', [
      'legacy',
      'current',
    ]),
    resumes: tally('parley_resumes_total', 'G4: devices of the current protocol brought up to date'),
    resumedConversations: tally('parley_resumed_conversations_total', 'G4: conversations answered in them'),
    resumedMessages: tally('parley_resumed_messages_total', 'G4: missed messages sent in them'),
    resets: labelled(
      'parley_cursor_resets_total',
      'G1: devices told to forget what they have; ahead: they know of more than the database has; unknown: of conversations that never were theirs',
      'reason',
      ['ahead', 'epoch', 'unknown'],
    ),
    notices: labelled(
      'parley_notices_told_total',
      'G6: frames of status, typing, presence, refresh_needed and goaway',
      'kind',
      ['status', 'typing', 'presence', 'refresh_needed', 'goaway'],
    ),
    droppedHints: labelled(
      'parley_hints_dropped_total',
      'G6: statuses and typing that other nodes were not told of, since the bus was away: the next one says more',
      'kind',
      ['status', 'typing'],
    ),
    presentStatus: tally('parley_present_status_reads_total', 'G6: reads of statuses for devices that were away'),
    groupChanges: labelled('parley_group_changes_total', 'G7: changes of groups committed, by kind', 'kind'),
    duplicates: labelled('parley_duplicates_answered_total', 'G3: repeats answered as the first time', 'type'),
    received: labelled('parley_frames_received_total', 'Frames of clients, by type', 'type'),
    delivered: tally('parley_messages_delivered_total', 'G4: message frames handed to sockets as they came'),
    backlog: tally('parley_backlog_messages_total', 'G4: message frames handed to sockets on connect'),
    errors: labelled('parley_errors_sent_total', 'Error frames, by name', 'name', Object.keys(ERROR_CODES)),
    committedRows: tally('parley_messages_committed_total', 'G1: messages committed'),
    commitRetries: labelled('parley_commit_retries_total', 'G3: transactions run again, by outcome', 'outcome', [
      'not_committed',
      'unknown',
    ]),
    commitSeconds: new Histogram({
      name: 'parley_commit_seconds',
      help: 'G1: time of one transaction of messages',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    commitRows: new Histogram({
      name: 'parley_commit_rows',
      help: 'G1: messages in one transaction',
      buckets: BATCH_BUCKETS,
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'parley_delivery_seconds',
      help: 'G4: from commit on any node to the hand-over to local sockets, the lag of the bus included',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    envelopesOut: tally('parley_bus_envelopes_sent_total', 'G4: envelopes published, one per node and flush'),
    publicationsOut: tally('parley_bus_publications_sent_total', 'G4: messages in them'),
    unpublished: tally('parley_bus_unannounced_total', 'G4: heads whose announcement failed and is made again'),
    envelopesIn: tally('parley_bus_envelopes_received_total', 'G4: envelopes received'),
    publicationsIn: tally('parley_bus_publications_received_total', 'G4: messages in them'),
    busLosses: tally('parley_bus_losses_total', 'G4: times the bus may have lost something, and heads were checked'),
    deaths: tally('parley_node_deaths_total', 'G9: nodes whose lease has ended, noticed by this one first'),
    gaps: tally('parley_gaps_repaired_total', 'G5: gaps filled from the store'),
    gapMessages: tally('parley_gap_messages_total', 'G5: messages in them'),
    audit: tally('parley_audit_found_total', 'G4: conversations that only the audit found behind; must stay 0'),
    behind: tally(
      'parley_store_behind_total',
      'G1: conversations of which the database has less than was delivered here; must stay 0',
    ),
    receipts: tally('parley_receipts_written_total', 'G6: status steps written'),
  };
}
