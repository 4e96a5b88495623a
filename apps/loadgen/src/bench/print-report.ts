import { INSERT_CONNECTIONS, INSERT_ROWS } from '../raw/raw-insert.ts';
import { PUBLISH_PIPELINE } from '../raw/raw-publish.ts';
import type { BenchReport, LoadResult } from './bench-report.ts';
import { median } from './median.ts';
import { togetherUs } from './phase-load.ts';
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
    ratios(report),
    '',
    parts(report),
    '',
    ...resumes(report),
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
  ...clusters.flatMap(({ loads }) => loads.flatMap(({ capacity, steady }) => [capacity, steady])),
  ...(plain === null ? [] : [plain]),
];

const title = ({ name, protocol, offeredPerSecond }: LoadResult): string =>
  `${name}, ${protocol}, ${offeredPerSecond === null ? 'full load' : `${whole(offeredPerSecond)}/s offered`}`;

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
    'receipt rows/message',
    'receipts said/message',
    'statuses told/message',
  ];
  const rows = allLoads(report).map((load) => {
    const { edgeCpuUs, databaseCpuUs, redisCpuUs, driverCpuUs } = load;
    return [
      title(load),
      ...[edgeCpuUs, databaseCpuUs, redisCpuUs, togetherUs(load), driverCpuUs].map((us) => fixed(us)),
      fixed(load.publishesPerMessage, 3),
      fixed(load.commitsPerMessage, 3),
      ...[load.receiptRowsPerMessage, load.receiptsPerMessage, load.statusesPerMessage].map((count) => fixed(count, 3)),
    ];
  });
  return markdownTable(head, rows);
}

/** Paired, round by round: what else the machine does cancels out better than in the columns. */
const ratios = ({ clusters }: BenchReport): string =>
  clusters
    .filter(({ ratios: paired }) => paired.length > 0)
    .map(({ nodes, ratios: paired }) => {
      const edges = nodes === 1 ? 'one edge' : `${nodes} edges`;
      const rounds = paired.map((ratio) => fixed(ratio, 2)).join(', ');
      return `${edges}, full load, CPU together per message, current / legacy: ${fixed(median(paired), 2)} (rounds: ${rounds})`;
    })
    .join('\n');

function resumes({ clusters }: BenchReport): string[] {
  const rows = clusters.flatMap((cluster) =>
    cluster.resumes.map((resume) => [
      `${whole(resume.conversations)} conversations, ${resume.parallel} at once (${whole(resume.resumes)} resumes)`,
      fixed(resume.edgeCpuUs / 1_000, 2),
      fixed(resume.databaseCpuUs / 1_000, 2),
      fixed(resume.reads, 2),
      `${fixed(resume.p50Ms)} ms`,
    ]),
  );
  if (rows.length === 0) return [];
  const head = ['a resume with nothing missed', 'edge CPU ms', 'database CPU ms', 'reads', 'p50'];
  return [markdownTable(head, rows), ''];
}

function parts({ raw, clusters }: BenchReport): string {
  const columns = clusters.flatMap(({ loads }) => loads);
  const names = columns.map(({ capacity: { name, protocol } }) => `${name}, ${protocol}`);
  const row = (name: string, { perSecond, serverCpuUs }: { perSecond: number; serverCpuUs: number }): string[] => [
    name,
    `${whole(perSecond)}/s`,
    fixed(serverCpuUs),
    ...columns.map(({ capacity }) => `${fixed((100 * capacity.acknowledgedPerSecond) / perSecond)} %`),
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
