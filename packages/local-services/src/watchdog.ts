import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../libexec/watchdog.sh', import.meta.url));

/**
 * One small shell process per process of ours that starts servers. It ends those servers and removes their folders
 * when we are gone, however we went: it waits for the end of a pipe that only we hold, so `kill -9` counts too.
 *
 * It runs in a session of its own, so a Ctrl-C in the terminal does not reach it, and it does not keep us alive.
 */
class Watchdog {
  private child: ChildProcess | undefined;

  /** The process group led by `pid` is ended when we die. */
  watch(pid: number): void {
    this.order('watch', String(pid));
  }

  forget(pid: number): void {
    this.order('forget', String(pid));
  }

  /** `path` is removed when we die. It must not hold a line break. */
  watchFolder(path: string): void {
    if (path.includes('\n')) throw new Error(`a temporary folder's name holds a line break: ${JSON.stringify(path)}`);
    this.order('folder', path);
  }

  forgetFolder(path: string): void {
    this.order('keep', path);
  }

  private order(verb: string, value: string): void {
    this.started().stdin?.write(`${verb} ${value}\n`);
  }

  private started(): ChildProcess {
    if (this.child !== undefined) return this.child;
    const child = spawn('/bin/sh', [SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
    child.on('error', () => {});
    child.stdin.on('error', () => {});
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    this.child = child;
    return child;
  }
}

export const watchdog = new Watchdog();
