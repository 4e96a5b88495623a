import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { watchdog } from './watchdog.ts';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Standard output and standard error are appended to this file. */
  readonly logFile: string;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const LOG_TAIL_BYTES = 4000;

/**
 * One run of one server. It leads a process group of its own, so that a Ctrl-C in our terminal does not reach it before
 * we stop things in order.
 *
 * Invariant: at no moment can it run without the watchdog knowing its pid. The shell that becomes the server waits for a
 * word from us, which we say only after we have told the watchdog; when we die in between, the shell reads the end of
 * the pipe and gives up.
 */
export class ServerProcess {
  readonly pid: number;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  private readonly child: ChildProcess;
  private exit: ProcessExit | undefined;
  private asked = false;

  constructor(command: ServerCommand) {
    const log = openSync(command.logFile, 'a', 0o600);
    try {
      const shell = ['-c', 'read -r go && exec "$@" </dev/null', 'sh', command.command, ...command.args];
      this.child = spawn('/bin/sh', shell, {
        stdio: ['pipe', log, log],
        detached: true,
        cwd: command.cwd,
        env: command.env ?? process.env,
      });
    } finally {
      closeSync(log);
    }
    // Only a spawn that failed gives an error event, and has no pid.
    this.child.on('error', () => {});
    if (this.child.pid === undefined) throw new Error(`cannot start /bin/sh for ${command.command}`);
    this.pid = this.child.pid;
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        watchdog.forget(this.pid);
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    watchdog.watch(this.pid);
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end('go\n');
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  /** True once `signal` or `stop` was asked to end it. */
  get endExpected(): boolean {
    return this.asked;
  }

  /** Sends the signal to the whole group, and does nothing if the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') this.asked = true;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** SIGTERM, and SIGKILL if it has not ended `graceMs` later. A paused process is woken to hear it. */
  async stop(graceMs: number): Promise<ProcessExit> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Runs a command that ends by itself; rejects, with its output, unless it ends well and in time. */
export async function runToEnd(name: string, command: ServerCommand, timeoutMs: number): Promise<void> {
  const run = new ServerProcess(command);
  const timer = setTimeout(() => run.signal('SIGKILL'), timeoutMs);
  const { code, signal } = await run.exited;
  clearTimeout(timer);
  if (code === 0) return;
  const how = run.endExpected ? `was not finished after ${timeoutMs} ms` : `failed (${signal ?? `exit code ${code}`})`;
  throw new Error(`${name} ${how}; its output ends:\n${logTail(command.logFile) || '(empty)'}`);
}

/** The last lines of a log, for error messages. */
export function logTail(logFile: string): string {
  try {
    return readFileSync(logFile).subarray(-LOG_TAIL_BYTES).toString('utf8').trim();
  } catch {
    return '';
  }
}
