import type { ChatNodeStatus } from '@parley/core';
import { Counter, Gauge, type Registry } from 'prom-client';

type StatusMetric = readonly [name: string, help: string, read: (status: ChatNodeStatus) => number];
const STATUS_GAUGES: readonly StatusMetric[] = [
  ['parley_connections_signed_in', 'Connections that have signed in', (status) => status.signedIn],
  ['parley_users', 'Users with a connection here', (status) => status.users],
  ['parley_feeds', 'Conversations followed here', (status) => status.feeds],
  ['parley_topics', 'Topics joined in the directory', (status) => status.topics],
  ['parley_queued_rows', 'G8: messages waiting for their transaction', (status) => status.queuedRows],
  ['parley_pending_receipts', 'G8: receipts waiting to be written', (status) => status.pendingReceipts],
  ['parley_pending_announcements', 'G4: heads to be announced again', (status) => status.pendingAnnouncements],
  ['parley_open_gaps', 'G5: conversations that wait for a missing message', (status) => status.openGaps],
  ['parley_presence_watches', 'G9: users whose presence sessions here watch', (status) => status.watches],
  ['parley_bus_up', 'G4: 1 while the bus is connected and in sync', (status) => (status.busUp ? 1 : 0)],
  ['parley_draining', 'G10: 1 while the node empties itself', (status) => (status.draining ? 1 : 0)],
];
const STATUS_COUNTERS: readonly StatusMetric[] = [
  ['parley_receipts_dropped_total', 'G6: delivered receipts given up at the bound', (status) => status.droppedReceipts],
  [
    'parley_receipts_lost_total',
    'G6: seen receipts given up at the bound, must stay 0',
    (status) => status.lostReceipts,
  ],
];

/** What the engine is like at the moment, and what it has counted itself: asked when somebody looks, once for all of it. */
export function addStatusMetrics(registry: Registry, status: () => ChatNodeStatus): void {
  const setters: ((now: ChatNodeStatus) => void)[] = [];
  // The registry asks in the order of registration: the first asks for all.
  const collect = (): void => {
    const now = status();
    for (const set of setters) set(now);
  };
  for (const [index, [name, help, read]] of STATUS_GAUGES.entries()) {
    const gauge = new Gauge({ name, help, registers: [registry], ...(index === 0 ? { collect } : {}) });
    setters.push((now) => gauge.set(read(now)));
  }
  for (const [name, help, read] of STATUS_COUNTERS) {
    const counter = new Counter({ name, help, registers: [registry] });
    setters.push((now) => {
      counter.reset();
      counter.inc(read(now));
    });
  }
}
