import { describeConfig } from '@parley/edge';
import type { Command } from 'commander';
import { configFromEnvironment } from '../edge-access.ts';

type Described = ReturnType<typeof describeConfig>[number];

const EXAMPLES = `
Examples:
  parley config                         every setting: value, default and what it does
  PORT=4000 parley config --json        for scripts
  parley config --check                 only say whether a node would start with these settings`;

export function configCommand(parent: Command): void {
  parent
    .command('config')
    .description('Lists every setting with its present value, its default and what it does. Secrets are not shown.')
    .option('--json', 'print one JSON array')
    .option('--check', 'say whether the settings can be used, and nothing else')
    .addHelpText('after', EXAMPLES)
    .action((flags: { readonly json?: boolean; readonly check?: boolean }) => {
      const settings = describeConfig(process.env);
      if (flags.check !== true) console.log(flags.json === true ? JSON.stringify(settings, null, 2) : table(settings));
      // Throws with everything that is wrong.
      configFromEnvironment();
      if (flags.check === true) console.log('A node would start with these settings.');
    });
}

const WIDTH = 100;

function table(settings: readonly Described[]): string {
  return settings.map(entry).join('\n');
}

function entry({ name, value, source, default: fallback, type, description, aliases }: Described): string {
  const shown = source === 'environment' ? `${name}=${value}` : name;
  const notes = [type, fallback === null ? 'not set by default' : `default: ${fallback}`];
  if (aliases !== undefined) notes.push(`also read from ${aliases.join(', ')}`);
  const mark = source === 'environment' ? '*' : ' ';
  return [`${mark} ${shown}`, ...wrap(description), `      (${notes.join('; ')})`].join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '     ';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '     ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
