import { RawClient } from '../wire/raw-client.ts';
import type { DriverEvent, DriverReport, EchoPlan } from './driver-plan.ts';
import { CpuWindow, LatencyRecorder, nowUs, pause } from './measure.ts';

/** Keeps `window` frames in flight on each connection to an echo server: the bare cost of frames, without any chat. */
export async function runEcho(plan: EchoPlan, emit: (event: DriverEvent) => void): Promise<DriverReport> {
  const payload = Buffer.alloc(plan.bodyLength, '.');
  const latency = new LatencyRecorder();
  const clients: RawClient[] = [];
  let measuring = false;
  let ending = false;
  let connectionsLost = 0;
  for (let i = 0; i < plan.connections; i++) {
    const sentUs: number[] = [];
    const client: RawClient = await RawClient.open(plan.url, {
      onText: () => {
        const startUs = sentUs.shift() ?? 0;
        if (measuring) latency.record(nowUs() - startUs);
        if (ending) return;
        sentUs.push(nowUs());
        client.send(payload);
      },
      onClose: () => {
        if (!ending) connectionsLost++;
      },
    });
    clients.push(client);
    for (let n = 0; n < plan.window; n++) {
      sentUs.push(nowUs());
      client.send(payload);
    }
  }
  emit({ event: 'ready' });
  await pause(plan.warmupMs);
  measuring = true;
  const window = new CpuWindow(plan.watch);
  emit({ event: 'window-open' });
  await pause(plan.windowMs);
  measuring = false;
  const used = window.end();
  emit({ event: 'window-closed' });
  ending = true;
  for (const client of clients) client.close();
  return {
    ...used,
    acknowledged: latency.count,
    receipts: 0,
    statuses: 0,
    delivered: latency.count,
    ack: latency.summary(),
    delivery: latency.summary(),
    skipped: 0,
    faults: {
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      mismatched: 0,
      phantom: 0,
      refused: 0,
      unanswered: 0,
      connectionsLost,
    },
  };
}
