import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/parley.js', import.meta.url));

export type Environment = Readonly<Record<string, string>>;

export interface CliOptions {
  readonly args: readonly string[];
  /** The whole environment, beside PATH. */
  readonly env?: Environment;
  readonly cwd: string;
}

/** A `parley` child process: its lines in both directions, each awaited and never slept for. */
export class CliProcess {
  readonly #child: ChildProcess;
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #wake = new Set<() => void>();
  readonly #exited: Promise<number | null>;
  #code: number | null | undefined;

  constructor({ args, env = {}, cwd }: CliOptions) {
    this.#child = spawn(process.execPath, [BIN, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
    this.#collect(this.#child.stdout, this.stdout);
    this.#collect(this.#child.stderr, this.stderr);
    // `close`: both pipes have been read to their end.
    this.#exited = once(this.#child, 'close').then(([code]: (number | null)[]) => {
      this.#code = code ?? null;
      for (const wake of this.#wake) wake();
      return this.#code;
    });
  }

  write(...lines: readonly string[]): void {
    for (const line of lines) this.#child.stdin?.write(`${line}\n`);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The exit code; null when a signal ended it. */
  exit(): Promise<number | null> {
    return this.#exited;
  }

  /** What `find` makes of the first line of standard output that it does not answer with undefined. */
  async line<T>(find: (line: string) => T | undefined): Promise<T> {
    for (let at = 0; ; ) {
      for (; at < this.stdout.length; at++) {
        const found = find(this.stdout[at]!);
        if (found !== undefined) return found;
      }
      if (this.#code !== undefined) throw new Error(`it ended (${this.#code}) without that line:\n${this.output}`);
      await new Promise<void>((resolve) => this.#wake.add(resolve));
    }
  }

  /** The first event of `chat --json` that holds these fields. */
  async event<T extends object>(fields: T): Promise<T & Readonly<Record<string, unknown>>> {
    const wanted = Object.entries(fields);
    return await this.line((line) => {
      const event = JSON.parse(line) as T & Record<string, unknown>;
      return wanted.every(([name, value]) => event[name] === value) ? event : undefined;
    });
  }

  get output(): string {
    return [...this.stdout, ...this.stderr].join('\n');
  }

  #collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const wake of this.#wake) wake();
      this.#wake.clear();
    });
  }
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; `input` is its whole standard input. */
export async function run(options: CliOptions & { readonly input?: readonly string[] }): Promise<Finished> {
  const child = new CliProcess(options);
  child.write(...(options.input ?? []));
  child.endInput();
  const code = await child.exit();
  return { code, stdout: child.stdout.join('\n'), stderr: child.stderr.join('\n') };
}

/** A node started with `parley start`, ready. */
export async function startNode(options: { readonly cwd: string; readonly env: Environment }): Promise<CliProcess> {
  const node = new CliProcess({ ...options, args: ['start'] });
  await node.line((line) => (line.includes('"message":"ready"') ? true : undefined));
  return node;
}
