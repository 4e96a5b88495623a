import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const STOP_GRACE_MS = 5_000;

/** A process of ours, started from `bin/`, that speaks JSON lines and ends when its standard input ends. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;

  constructor(script: string, args: readonly string[], onLine: (value: unknown) => void) {
    const path = fileURLToPath(new URL(`../../bin/${script}`, import.meta.url));
    this.#process = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pid = this.#process.pid ?? 0;
    const { stdin, stdout } = this.#process;
    stdin?.on('error', () => {});
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => onLine(JSON.parse(line)));
    this.#exited = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', resolve);
    });
  }

  /** Resolves to the exit code, all output read; rejects, and kills, when that takes longer. */
  async exited(timeoutMs: number): Promise<number | null> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#process.kill('SIGKILL');
    }, timeoutMs);
    const code = await this.#exited;
    clearTimeout(timer);
    if (late) throw new Error(`process ${this.pid} had not ended after ${timeoutMs} ms`);
    return code;
  }

  /** Ends its standard input, and kills it if that does not end it. */
  async stop(): Promise<void> {
    this.#process.stdin?.end();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_GRACE_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}

/** Starts a child whose first line is `{"url"}` and waits for it. */
export function startServer(script: string, args: readonly string[]): Promise<{ child: Child; url: string }> {
  return new Promise((resolve, reject) => {
    const child: Child = new Child(script, args, (line) => resolve({ child, url: (line as { url: string }).url }));
    child.exited(2 ** 31 - 1).then((code) => reject(new Error(`${script} ended with ${code}`)), reject);
  });
}
