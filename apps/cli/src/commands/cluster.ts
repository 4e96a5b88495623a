import { fileURLToPath } from 'node:url';
import { runCluster } from '@parley/local-services';
import type { Command } from 'commander';
import { portArgument, wholeArgument } from '../arguments.ts';

interface ClusterFlags {
  readonly nodes: number;
  readonly port?: number;
  readonly json?: boolean;
  readonly keep?: boolean;
}

const EXAMPLES = `
Examples:
  parley cluster                        three nodes behind HAProxy, on free ports
  parley cluster --nodes 5 --port 3128  where legacy clients expect it
  parley cluster --json                 one line of JSON with every address, for scripts

It needs Debian's mariadb-server, redis-server and haproxy, and installs those that are missing when run as root.
PARLEY_… settings and LOG_LEVEL of this shell reach the nodes. Ctrl-C drains the nodes and stops everything.`;

export function clusterCommand(parent: Command): void {
  parent
    .command('cluster')
    .description(
      'Starts MariaDB, Redis, some nodes and HAProxy on ports and in a folder of their own, until told to stop.',
    )
    .option('--nodes <n>', 'how many nodes, 1 to 64', wholeArgument(1, 64), 3)
    .option('--port <port>', 'where clients connect (default: a free port)', portArgument)
    .option('--json', 'print one JSON object with all addresses as the first line')
    .option('--keep', 'leave data and logs behind')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ClusterFlags) => {
      const bin = fileURLToPath(new URL('../../bin/parley.js', import.meta.url));
      const self = (command: string) => ({ command: process.execPath, args: [bin, command] });
      process.exitCode = await runCluster({
        nodes: flags.nodes,
        edgeEntry: self('start'),
        migrate: self('migrate'),
        env: process.env,
        ...(flags.port === undefined ? {} : { balancerPort: flags.port }),
        json: flags.json === true,
        keepFolder: flags.keep === true,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
