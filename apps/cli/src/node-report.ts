import { CliError } from './cli-error.ts';
import { columns } from './format.ts';
import { parseMetrics, quantile, sum } from './metrics-text.ts';

interface Readiness {
  readonly ready: boolean;
  readonly phase: string;
  readonly reasons: readonly string[];
  readonly degraded: readonly string[];
  readonly version?: string;
  readonly node?: string;
}

export interface NodeReport {
  readonly ready: boolean;
  readonly lines: readonly string[];
}

const TIMEOUT_MS = 5_000;

/** Asks a node's admin port how it is, and puts it into words. */
export async function readNode(admin: string): Promise<NodeReport> {
  const [readyText, metricsText] = await Promise.all([get(admin, '/readyz'), get(admin, '/metrics')]);
  const readiness = parseReadiness(admin, readyText);
  const metrics = parseMetrics(metricsText);
  const count = (name: string, labels?: Readonly<Record<string, string>>): string => String(sum(metrics, name, labels));
  const ms = (name: string): string =>
    `${milliseconds(quantile(metrics, name, 0.5))} / ${milliseconds(quantile(metrics, name, 0.99))}`;
  const rows = [
    ['connections', `${count('parley_connections')} open, ${count('parley_connections_signed_in')} signed in`],
    ['users', count('parley_users')],
    ['messages', `${count('parley_messages_committed_total')} committed, ${delivered(metrics)} delivered`],
    ['commit p50 / p99', ms('parley_commit_seconds')],
    ['delivery p50 / p99', ms('parley_delivery_seconds')],
    [
      'waiting',
      `${count('parley_queued_rows')} messages, ${count('parley_pending_receipts')} receipts, ${count('parley_pending_announcements')} announcements`,
    ],
    ['bus', `${count('parley_bus_up') === '1' ? 'up' : 'DOWN'}, ${count('parley_bus_losses_total')} losses noticed`],
    ['repairs', `${count('parley_gaps_repaired_total')} gaps filled, ${count('parley_open_gaps')} open`],
    ['found by the audit', `${count('parley_audit_found_total')} (must be 0)`],
    [
      'cursors',
      `${count('parley_cursor_resets_total', { reason: 'ahead' })} devices ahead of the database (must be 0), ${count('parley_cursor_resets_total', { reason: 'epoch' })} of another epoch`,
    ],
    ['database behind', `${count('parley_store_behind_total')} conversations (must be 0)`],
    ['slow clients', `${count('parley_slow_closes_total')} disconnected`],
    ['errors sent', errors(metrics)],
  ];
  const state = readiness.ready ? 'ready' : `NOT READY (${readiness.reasons.join('; ')})`;
  const about = [readiness.node, readiness.version]
    .filter((part) => part !== undefined && part !== '')
    .join(', version ');
  const degraded = readiness.degraded.map((what) => `  degraded: ${what}`);
  const head = `${admin}: ${state}${about === '' ? '' : `, node ${about}`}`;
  return {
    ready: readiness.ready,
    lines: [
      head,
      ...degraded,
      ...columns(rows)
        .split('\n')
        .map((row) => `  ${row}`),
    ],
  };
}

type Metrics = ReturnType<typeof parseMetrics>;

const delivered = (metrics: Metrics): number =>
  sum(metrics, 'parley_messages_delivered_total') + sum(metrics, 'parley_backlog_messages_total');

function errors(metrics: Metrics): string {
  const counted = metrics.filter(({ name, value }) => name === 'parley_errors_sent_total' && value > 0);
  return counted.length === 0 ? 'none' : counted.map(({ labels, value }) => `${value} ${labels.name}`).join(', ');
}

const milliseconds = (seconds: number | null): string =>
  seconds === null
    ? '-'
    : seconds === Number.POSITIVE_INFINITY
      ? 'over 30 s'
      : `${Math.round(seconds * 10_000) / 10} ms`;

async function get(admin: string, path: string): Promise<string> {
  try {
    const response = await fetch(new URL(path, admin), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return await response.text();
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : message;
    throw new CliError(
      `No node answers at ${admin} (${why}).`,
      'Start one with "parley start", or give the address of its admin port with --admin.',
    );
  }
}

function parseReadiness(admin: string, text: string): Readiness {
  try {
    const parsed = JSON.parse(text) as Partial<Readiness>;
    if (typeof parsed.ready === 'boolean')
      return { phase: '', reasons: [], degraded: [], ...parsed, ready: parsed.ready };
  } catch {
    // Not JSON: not a node.
  }
  throw new CliError(
    `What answers at ${admin} is no admin port of a node.`,
    'Give its address with --admin: port 9128 unless set.',
  );
}
