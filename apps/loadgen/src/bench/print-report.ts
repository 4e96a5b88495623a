import { INSERT_CONNECTIONS, INSERT_ROWS } from '../raw/raw-insert.ts';
import { PUBLISH_PIPELINE } from '../raw/raw-publish.ts';
import type { BenchReport, LoadResult } from './bench-report.ts';
import { fixed, markdownTable, whole } from './table.ts';

/** The report as text that can be read in a terminal and put into the docs. */
export function printReport(report: BenchReport): string {
  const { machine, load } = report;
  const groups = load.groups > 0 ? ` and ${load.groups} groups of ${load.groupSize}` : '';
  return [
    `${machine.cpus} × ${machine.model}, Node ${machine.node}, ${machine.database}, a flush per commit; driver on the same machine`,
    `${load.pairs} pairs${groups}, everybody sends, bodies of ${load.bodyLength} bytes, windows of ${load.windowMs / 1_000} s`,
    '',
    loads(report),
    '',
    costs(report),
    '',
    parts(report),
    '',
    ...report.clusters.flatMap(({ idle }) =>
      idle === null
        ? []
        : [
            `Memory: ${fixed(idle.bytesPerConnection / 1_024)} KB per idle signed-in connection (${whole(idle.connections)} of them, over ` +
              `${fixed(idle.bareBytes / 1_048_576)} MB of the bare process)`,
          ],
    ),
  ].join('\n');
}

const allLoads = ({ clusters, plain }: BenchReport): LoadResult[] => [
  ...clusters.flatMap(({ capacity, steady }) => [capacity, steady]),
  ...(plain === null ? [] : [plain]),
];

const title = ({ name, offeredPerSecond }: LoadResult): string =>
  offeredPerSecond === null ? `${name}, full load` : `${name}, ${whole(offeredPerSecond)}/s offered`;

function loads(report: BenchReport): string {
  const head = [
    '',
    'acked/s',
    'delivered/s',
    'ack p50',
    'ack p99',
    'delivery p50',
    'delivery p99',
    'lost',
    'doubled',
    'out of order',
    'other faults',
  ];
  const rows = allLoads(report).map((load) => {
    const { ack, delivery, faults } = load.report;
    const { lost, duplicated, outOfOrder, ...others } = faults;
    return [
      title(load),
      whole(load.acknowledgedPerSecond),
      whole(load.deliveredPerSecond),
      ...[ack.p50Ms, ack.p99Ms, delivery.p50Ms, delivery.p99Ms].map((ms) => `${fixed(ms)} ms`),
      ...[lost, duplicated, outOfOrder, Object.values(others).reduce((sum, count) => sum + count, 0)].map(whole),
    ];
  });
  return markdownTable(head, rows);
}

function costs(report: BenchReport): string {
  const head = [
    'CPU µs per message',
    'edge',
    'database',
    'Redis',
    'together',
    '(driver)',
    'PUBLISH/message',
    'commits/message',
  ];
  const rows = allLoads(report).map((load) => {
    const { edgeCpuUs, databaseCpuUs, redisCpuUs, driverCpuUs } = load;
    return [
      title(load),
      ...[edgeCpuUs, databaseCpuUs, redisCpuUs, edgeCpuUs + databaseCpuUs + redisCpuUs, driverCpuUs].map((us) =>
        fixed(us),
      ),
      fixed(load.publishesPerMessage, 3),
      fixed(load.commitsPerMessage, 3),
    ];
  });
  return markdownTable(head, rows);
}

function parts({ raw, clusters }: BenchReport): string {
  const names = clusters.map(({ nodes }) => (nodes === 1 ? 'one edge acks' : `${nodes} edges ack`));
  const row = (name: string, { perSecond, serverCpuUs }: { perSecond: number; serverCpuUs: number }): string[] => [
    name,
    `${whole(perSecond)}/s`,
    fixed(serverCpuUs),
    ...clusters.map(({ capacity }) => `${fixed((100 * capacity.acknowledgedPerSecond) / perSecond)} %`),
  ];
  return markdownTable(
    ['the parts alone', 'rate', 'server CPU µs', ...names],
    [
      row('uWebSockets.js echo, frames', raw.echo),
      row(`INSERT of ${INSERT_ROWS} rows, ${INSERT_CONNECTIONS} connections, rows`, raw.insert),
      row(`PUBLISH, ${PUBLISH_PIPELINE} in a pipeline`, raw.publish),
    ],
  );
}
