import { Counter, Rate, Trend } from 'k6/metrics';
import type { Findings } from './findings.ts';
import type { Settings } from './settings.ts';

/** From the intended time of a send to its acknowledgement. */
export const ackLatency = new Trend('parley_ack_latency', true);
/** From the intended time of a send to its arrival at one receiver that was connected all the while. */
export const deliveryLatency = new Trend('parley_delivery_latency', true);
/** For messages that a receiver missed while it was not connected: from its sign-in to their arrival. */
export const catchUp = new Trend('parley_catch_up_latency', true);
/** Share of the intended sends that were not made: the sender was not connected, or had too many in flight. */
export const skipped = new Rate('parley_sends_skipped');
/** Error frames and answers that a correct client must not get, and connections or conversations that did not open. */
export const failures = new Counter('parley_failures');
export const disconnects = new Counter('parley_disconnects');
/** Virtual users that came to the end and judged their messages. */
export const judged = new Counter('parley_judged');

const counters: Readonly<Record<keyof Findings, Counter>> = {
  sent: new Counter('parley_messages_sent'),
  acknowledged: new Counter('parley_messages_acknowledged'),
  delivered: new Counter('parley_messages_delivered'),
  redelivered: new Counter('parley_messages_redelivered'),
  refused: new Counter('parley_messages_refused'),
  unknown: new Counter('parley_messages_unknown'),
  lost: new Counter('parley_messages_lost'),
  duplicated: new Counter('parley_messages_duplicated'),
  outOfOrder: new Counter('parley_messages_out_of_order'),
  mismatched: new Counter('parley_messages_mismatched'),
  phantom: new Counter('parley_messages_phantom'),
};

/** Passes on what was found since the last report. */
export class FindingsReporter {
  readonly #reported = new Map<string, number>();

  report(findings: Findings): void {
    for (const [name, counter] of Object.entries(counters)) {
      const value = findings[name as keyof Findings];
      const before = this.#reported.get(name);
      // The first report adds zeros too, so that every count is there to be judged and read.
      if (before === value) continue;
      counter.add(value - (before ?? 0));
      this.#reported.set(name, value);
    }
  }
}

/** A run passes when all messages are accounted for by all virtual users, and in time. */
export function thresholds(settings: Settings, vus: number): Record<string, string[]> {
  const { ackP95Ms, ackP99Ms, deliveryP95Ms, deliveryP99Ms, maxSkipped, maxRefused } = settings.thresholds;
  return {
    parley_judged: [`count==${vus}`],
    parley_messages_acknowledged: ['count>0'],
    parley_messages_delivered: ['count>0'],
    parley_messages_lost: ['count==0'],
    parley_messages_duplicated: ['count==0'],
    parley_messages_out_of_order: ['count==0'],
    parley_messages_mismatched: ['count==0'],
    parley_messages_phantom: ['count==0'],
    parley_messages_refused: [`count<=${maxRefused}`],
    parley_failures: ['count==0'],
    parley_sends_skipped: [`rate<=${maxSkipped}`],
    parley_ack_latency: [`p(95)<=${ackP95Ms}`, `p(99)<=${ackP99Ms}`],
    parley_delivery_latency: [`p(95)<=${deliveryP95Ms}`, `p(99)<=${deliveryP99Ms}`],
  };
}

/** Columns of k6's summary that the README explains. */
export const summaryTrendStats = ['min', 'med', 'avg', 'p(95)', 'p(99)', 'max'];
