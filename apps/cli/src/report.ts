import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';

/** Says what went wrong and what to do. @returns the exit code: 0, 1 (it did not work) or 2 (usage) */
export function report(error: unknown): number {
  // commander has said it already; help and version end this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    console.error(`${error.message}\n${error.hint}`);
    return error.exitCode;
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  console.error('This is a fault in parley itself: please report it with the lines above.');
  return 1;
}
