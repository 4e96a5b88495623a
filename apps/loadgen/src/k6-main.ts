import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findK6, HOW_TO_GET_K6 } from './k6-binary.ts';

const SCENARIOS = fileURLToPath(new URL('../../../k6/scenarios/', import.meta.url));
const EXIT_USAGE = 2;
const EXIT_NOT_FOUND = 127;

/** `npm run k6 -- <scenario> [arguments of k6 run]`: resolves to k6's own exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const [scenario, ...rest] = argv;
  const known = readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3));
  if (scenario === undefined || !known.includes(scenario)) {
    console.error(
      `npm run k6 -- <scenario> [arguments of k6 run]\nscenarios: ${known.join(', ')}\nsettings: k6/README.md`,
    );
    return EXIT_USAGE;
  }
  const k6 = findK6(process.env);
  if (k6 === null) {
    console.error(HOW_TO_GET_K6);
    return EXIT_NOT_FOUND;
  }
  const child = spawn(k6, ['run', ...rest, join(SCENARIOS, `${scenario}.ts`)], { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  // A terminal sends SIGINT to k6 as well, and a second one would make it stop without its summary: only stay until it has ended.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}
