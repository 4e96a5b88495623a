import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DatabaseAddress, RedisAddress } from '@parley/local-services';

const WAIT_MS = 30_000;

export function fileOf(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}

/** Waits for a condition and fails with its name when it does not come true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  waitMs = WAIT_MS,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${waitMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A zombie is not alive: where process 1 reaps nobody, orphans stay as zombies. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

export async function untilGone(pids: readonly number[], folders: readonly string[]): Promise<void> {
  await until(`processes ${pids.join(', ')} to end`, () => !pids.some(isAlive));
  await until(`folders ${folders.join(', ')} to be removed`, () => !folders.some((folder) => existsSync(folder)));
}

/** Runs one statement through Debian's client and returns its output without headings. */
export function sql(address: DatabaseAddress, statement: string): string {
  const { host, port, user, password, database } = address;
  const where = [
    '--no-defaults',
    '--default-character-set=utf8mb4',
    '--protocol=tcp',
    '-h',
    host,
    '-P',
    String(port),
    '-u',
    user,
    '-D',
    database,
  ];
  return client('mariadb', [...where, '-N', '-B', '-e', statement], { MYSQL_PWD: password });
}

export function redis(address: RedisAddress, ...command: string[]): string {
  return client('redis-cli', ['-u', address.url, '--no-auth-warning', ...command], {});
}

function client(program: string, args: readonly string[], env: Record<string, string>): string {
  const result = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000, env: { ...process.env, ...env } });
  if (result.status !== 0) throw new Error(`${program}: ${result.error?.message ?? result.stderr}`);
  return result.stdout.trim();
}

/** A script of this folder in a process of its own, with what it printed so far. */
export class Script {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;

  constructor(name: string, args: readonly string[] = [], env: Record<string, string> = {}) {
    // Which command npm runs us by is no business of the script's.
    const child = spawn(process.execPath, [fileOf(name), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, npm_lifecycle_event: undefined, ...env },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve) => child.once('exit', resolve));
    this.child = child;
  }

  async firstLine(): Promise<string> {
    await until(`a line from the script; so far: ${this.stderr}`, () => {
      if (this.child.exitCode !== null) throw new Error(`the script ended: ${this.stderr}`);
      return this.stdout.includes('\n');
    });
    return this.stdout.split('\n', 1)[0]!;
  }
}
