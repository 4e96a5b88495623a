import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fixed, markdownTable } from './table.ts';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;
/** What V8 calls time in which nothing of ours ran. */
const NOT_OURS = new Set(['(idle)', '(root)']);

/** The functions that the edges spent most time in themselves, over all profiles below the folder that were written since. */
export function summarizeProfiles(folder: string, sinceMs: number): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.cpuprofile') && statSync(join(folder, name)).mtimeMs >= sinceMs,
  );
  const selfUs = new Map<string, number>();
  let totalUs = 0;
  for (const file of files) {
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
    for (const [index, id] of profile.samples.entries()) {
      const name = names.get(id) ?? '?';
      if (NOT_OURS.has(name)) continue;
      const us = profile.timeDeltas[index] ?? 0;
      totalUs += us;
      selfUs.set(name, (selfUs.get(name) ?? 0) + us);
    }
  }
  const rows = [...selfUs].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const table = rows.map(([name, us]) => [name, `${fixed((100 * us) / totalUs)} %`]);
  return markdownTable([`self time of the edges (${files.length} profiles)`, 'share'], table);
}

/** Function, and the file below the last `node_modules`, `packages` or `apps`. */
function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^.*\/(?=node_modules\/|packages\/|apps\/)/, '');
  return `${name} ${file}:${lineNumber + 1}`;
}
