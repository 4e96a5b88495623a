// One node in a process of its own. Settings come from the environment: `npx parley config` lists them.
import { runEdge } from './run-edge.ts';

await runEdge();
