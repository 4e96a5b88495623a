import type { ChatNodeStatus, Log } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../src/metrics.ts';

function make() {
  const lines: string[] = [];
  const write = (_fields: object, message: string) => void lines.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  return { metrics: new Metrics(log), lines };
}

/** The value of one series. */
async function value(metrics: Metrics, series: string): Promise<number> {
  const text = await metrics.registry.metrics();
  const line = text.split('\n').find((row) => row.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
}

describe('Metrics', () => {
  it('counts what the engine tells it', async () => {
    const { metrics } = make();
    metrics.connectionOpened();
    metrics.connectionOpened();
    metrics.signedIn('legacy');
    metrics.signedIn('current');
    metrics.signedIn('current');
    metrics.connectionClosed(4002, true, 'current');
    metrics.resumed(12, 30);
    metrics.resumed(3, 0);
    metrics.cursorReset('ahead');
    metrics.noticeTold('status', 5);
    metrics.noticeTold('status', 2);
    metrics.noticeTold('presence', 1);
    metrics.presentStatusRead();
    metrics.groupChanged('removed');
    metrics.duplicateAnswered('personal');
    metrics.frameReceived('personal');
    metrics.frameReceived('personal');
    metrics.frameReceived('seen');
    metrics.frameDelivered(3);
    metrics.errorSent('invalid_json');
    metrics.committed(64, 12);
    metrics.commitRetried('unknown');
    metrics.deliveryLatency(4);
    metrics.published(2, 64);
    metrics.publishFailed(5);
    metrics.hintDropped('typing');
    metrics.nodeDied();
    metrics.envelopeReceived(7);
    metrics.gapRepaired(9);
    metrics.storeBehind(6);
    metrics.receiptsWritten(11);
    metrics.backlogDelivered(13);
    metrics.handshakeRefused('bad_origin');
    const expected: Record<string, number> = {
      parley_connections: 1,
      parley_connections_opened_total: 2,
      'parley_connections_closed_total{code="4002"}': 1,
      parley_slow_closes_total: 1,
      'parley_sessions{protocol="legacy"}': 1,
      'parley_sessions{protocol="current"}': 1,
      'parley_sign_ins_total{protocol="legacy"}': 1,
      'parley_sign_ins_total{protocol="current"}': 2,
      parley_resumes_total: 2,
      parley_resumed_conversations_total: 15,
      parley_resumed_messages_total: 30,
      'parley_cursor_resets_total{reason="ahead"}': 1,
      // There from the start, so that the first one is a rise.
      'parley_cursor_resets_total{reason="epoch"}': 0,
      'parley_cursor_resets_total{reason="unknown"}': 0,
      'parley_notices_told_total{kind="status"}': 7,
      'parley_notices_told_total{kind="presence"}': 1,
      parley_present_status_reads_total: 1,
      'parley_group_changes_total{kind="removed"}': 1,
      'parley_duplicates_answered_total{type="personal"}': 1,
      'parley_frames_received_total{type="personal"}': 2,
      'parley_frames_received_total{type="seen"}': 1,
      parley_messages_delivered_total: 3,
      'parley_errors_sent_total{name="invalid_json"}': 1,
      parley_messages_committed_total: 64,
      'parley_commit_retries_total{outcome="unknown"}': 1,
      'parley_commit_seconds_bucket{le="0.01"}': 0,
      'parley_commit_seconds_bucket{le="0.02"}': 1,
      parley_commit_rows_sum: 64,
      'parley_delivery_seconds_bucket{le="0.002"}': 0,
      'parley_delivery_seconds_bucket{le="0.005"}': 1,
      parley_bus_envelopes_sent_total: 2,
      parley_bus_publications_sent_total: 64,
      parley_bus_unannounced_total: 5,
      'parley_hints_dropped_total{kind="typing"}': 1,
      'parley_hints_dropped_total{kind="status"}': 0,
      parley_node_deaths_total: 1,
      parley_bus_envelopes_received_total: 1,
      parley_bus_publications_received_total: 7,
      parley_gaps_repaired_total: 1,
      parley_gap_messages_total: 9,
      parley_store_behind_total: 6,
      parley_receipts_written_total: 11,
      parley_backlog_messages_total: 13,
      'parley_handshakes_refused_total{reason="bad_origin"}': 1,
      parley_audit_found_total: 0,
    };
    const seen = await Promise.all(Object.keys(expected).map(async (name) => [name, await value(metrics, name)]));
    expect(Object.fromEntries(seen)).toEqual(expected);
    // Looking does not count anything twice.
    expect(await value(metrics, 'parley_messages_delivered_total')).toBe(3);
  });

  it('G8: has a bounded number of series, whatever close codes clients make up', async () => {
    const { metrics } = make();
    const closed = async (): Promise<string[]> => {
      const rows = (await metrics.registry.metrics()).split('\n');
      return rows.filter((row) => row.startsWith('parley_connections_closed_total{'));
    };
    const series = (await closed()).length;
    for (let code = 3000; code < 4000; code++) metrics.connectionClosed(code, false, null);
    metrics.connectionClosed(1012, false, null);
    expect(await closed()).toHaveLength(series);
    expect((await closed()).filter((row) => !row.endsWith(' 0'))).toEqual([
      'parley_connections_closed_total{code="1012"} 1',
      'parley_connections_closed_total{code="other"} 1000',
    ]);
  });

  it('says in the log what must not pass unseen', () => {
    const { metrics, lines } = make();
    metrics.busLoss('a counter jumped');
    metrics.auditFound(2);
    expect(lines).toEqual([expect.stringMatching(/bus may have lost/), expect.stringMatching(/audit found/)]);
  });

  it('reads the state of the engine when somebody looks', async () => {
    const { metrics } = make();
    // Whatever else there is to read is 1.
    const status = new Proxy({} as ChatNodeStatus, {
      get: (_target, name) => (name === 'queuedRows' ? 5 : name === 'lostReceipts' ? 7 : 1),
    });
    let asked = 0;
    metrics.watch(() => {
      asked += 1;
      return status;
    });
    expect([await value(metrics, 'parley_queued_rows'), await value(metrics, 'parley_bus_up')]).toEqual([5, 1]);
    expect(asked).toBe(2);
    // A count, however often it is looked at.
    expect(await value(metrics, 'parley_receipts_lost_total')).toBe(7);
    expect(await value(metrics, 'parley_receipts_lost_total')).toBe(7);
  });

  it('names a promise with each of the numbers that speak of one, and tells of the event loop', async () => {
    const { metrics } = make();
    const text = await metrics.registry.metrics();
    const promises = new Set([...text.matchAll(/^# HELP parley_\w+ (G\d+):/gm)].map(([, id]) => id));
    expect(promises).toEqual(new Set(['G1', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9']));
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });
});
