import type { ChatNodeStatus } from '@parley/core';
import { Gauge, type Registry } from 'prom-client';

type StatusGauge = readonly [name: string, help: string, read: (status: ChatNodeStatus) => number];
const STATUS_GAUGES: readonly StatusGauge[] = [
  ['parley_connections_signed_in', 'Connections that have signed in', (status) => status.signedIn],
  ['parley_users', 'Users with a connection here', (status) => status.users],
  ['parley_feeds', 'Conversations followed here', (status) => status.feeds],
  ['parley_topics', 'Topics joined in the directory', (status) => status.topics],
  ['parley_queued_rows', 'G8: messages waiting for their transaction', (status) => status.queuedRows],
  ['parley_pending_receipts', 'G8: receipts waiting to be written', (status) => status.pendingReceipts],
  ['parley_receipts_dropped', 'G6: delivered receipts given up at the bound', (status) => status.droppedReceipts],
  ['parley_receipts_lost', 'G6: seen receipts given up at the bound, must stay 0', (status) => status.lostReceipts],
  ['parley_pending_announcements', 'G4: heads to be announced again', (status) => status.pendingAnnouncements],
  ['parley_open_gaps', 'G5: conversations that wait for a missing message', (status) => status.openGaps],
  ['parley_presence_watches', 'G9: users whose presence sessions here watch', (status) => status.watches],
  ['parley_bus_up', 'G4: 1 while the bus is connected and in sync', (status) => (status.busUp ? 1 : 0)],
  ['parley_draining', 'G10: 1 while the node empties itself', (status) => (status.draining ? 1 : 0)],
];

/** What the engine is like at the moment, asked when somebody looks, once for all the gauges. */
export function addStatusGauges(registry: Registry, status: () => ChatNodeStatus): void {
  const gauges: { readonly gauge: Gauge; readonly read: (status: ChatNodeStatus) => number }[] = [];
  const collect = (): void => {
    const now = status();
    for (const { gauge, read } of gauges) gauge.set(read(now));
  };
  for (const [index, [name, help, read]] of STATUS_GAUGES.entries()) {
    // The registry asks in the order of registration: the first asks for all.
    const gauge = new Gauge({ name, help, registers: [registry], ...(index === 0 ? { collect } : {}) });
    gauges.push({ gauge, read });
  }
}
