// Runs a cluster of stand-in edges in a process of its own, as `parley cluster` does with real ones.
import { fileURLToPath } from 'node:url';
import { runCluster } from '@parley/local-services';

const edge = fileURLToPath(new URL('./stand-in-edge.mjs', import.meta.url));
process.exitCode = await runCluster({
  nodes: Number(process.argv[2]),
  json: process.argv.includes('--json'),
  edgeEntry: { command: process.execPath, args: [edge] },
  migrate: { command: process.execPath, args: ['--version'] },
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
});
