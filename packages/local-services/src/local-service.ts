import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree } from './free-port.ts';
import { logTail, type ProcessExit, type ServerCommand, ServerProcess } from './server-process.ts';
import { watchdog } from './watchdog.ts';

export interface LocalServiceOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The service's own folder; removed by `stop` unless `keepFolder`. */
  readonly folder: string;
  readonly keepFolder: boolean;
  readonly command: ServerCommand;
  /** Resolves once the service answers; rejects when it does not yet. Must be bounded in time. */
  readonly probe: () => Promise<void>;
  readonly readyTimeoutMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
}

const PROBE_INTERVAL_MS = 25;

/** A server of our own on a loopback port, with its data in a folder of its own. */
export class LocalService {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  private readonly options: LocalServiceOptions;
  private current: ServerProcess | undefined;
  private readonly exitListeners: Array<(exit: ProcessExit) => void> = [];
  private unexpected: ProcessExit | undefined;
  private stopped: boolean = false;

  constructor(options: LocalServiceOptions) {
    this.options = options;
    this.name = options.name;
    this.host = options.host;
    this.port = options.port;
    this.folder = options.folder;
  }

  /** Of the present run, or of the last one. */
  get pid(): number {
    if (this.current === undefined) throw new Error(`${this.name} was never started`);
    return this.current.pid;
  }

  get running(): boolean {
    return this.current?.running ?? false;
  }

  logTail(): string {
    return logTail(this.options.command.logFile);
  }

  /**
   * Called when the process ends without `kill`, `restart` or `stop` having asked for it; at once if the present run has
   * ended so already.
   */
  onUnexpectedExit(listener: (exit: ProcessExit) => void): void {
    this.exitListeners.push(listener);
    if (this.unexpected !== undefined) listener(this.unexpected);
  }

  /** Starts it and waits until it answers. On failure nothing is left running, and the error shows the log's end. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} is running already`);
    if (this.stopped) throw new Error(`${this.name} was stopped and its folder removed`);
    // Asked first, or somebody else's server there might pass the probe before ours has failed to bind.
    if (!(await isPortFree(this.port))) throw new Error(`${this.name}: port ${this.port} is taken`);
    const run = new ServerProcess(this.options.command);
    this.current = run;
    this.unexpected = undefined;
    try {
      await this.untilReady(run);
    } catch (error) {
      await run.stop(this.options.stopGraceMs);
      throw error;
    }
    void run.exited.then((exit) => {
      if (run.endExpected) return;
      this.unexpected = exit;
      for (const listener of this.exitListeners) listener(exit);
    });
  }

  /**
   * Sends a signal (SIGKILL unless told otherwise). Resolves once the process has ended; at once for signals that do not
   * end it (SIGSTOP, SIGCONT, SIGHUP, SIGUSR1, SIGUSR2).
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const run = this.current;
    if (run === undefined || !run.running) return;
    run.signal(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGQUIT') await run.exited;
  }

  /** Stops it if it runs, and starts it again on the same port, folder and data. */
  async restart(): Promise<void> {
    await this.current?.stop(this.options.stopGraceMs);
    await this.start();
  }

  /** Ends it within the grace time and removes its folder. May be called again, and after it died. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.current?.stop(this.options.stopGraceMs);
    if (!this.options.keepFolder) removeFolder(this.folder);
  }

  private async untilReady(run: ServerProcess): Promise<void> {
    const deadline = Date.now() + this.options.readyTimeoutMs;
    for (;;) {
      if (!run.running) {
        const { code, signal } = await run.exited;
        throw this.failure(`ended while starting (${signal ?? `exit code ${code}`})`);
      }
      try {
        await this.options.probe();
        if (run.running) return;
      } catch (error) {
        if (Date.now() > deadline) {
          const reason = error instanceof Error ? error.message : String(error);
          throw this.failure(
            `did not answer on ${this.host}:${this.port} in ${this.options.readyTimeoutMs} ms (${reason})`,
          );
        }
      }
      await Promise.race([new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS)), run.exited]);
    }
  }

  private failure(what: string): Error {
    return new Error(`${this.name} ${what}; its log ends:\n${this.logTail() || '(empty)'}`);
  }
}

/** A new folder under `parent` (the system's temporary folder unless given), removed when we die. */
export function makeFolder(name: string, parent: string = tmpdir()): string {
  const folder = mkdtempSync(join(parent, `parley-${name}-`));
  chmodSync(folder, 0o711);
  watchdog.watchFolder(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  // A server that is ending may still drop a file into it.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  watchdog.forgetFolder(folder);
}

/** The folder outlives us. */
export function keepFolder(folder: string): void {
  watchdog.forgetFolder(folder);
}
