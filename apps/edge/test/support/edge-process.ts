import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

const running = new Set<ChildProcess>();
// A test process that ends early leaves no node behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A node in a process of its own, as `node dist/main.js` runs it, on free ports. */
export class EdgeProcess {
  readonly #child: ChildProcess;
  /** Exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  #stdout = '';
  #stderr = '';
  #ports: { readonly port: number; readonly adminPort: number } | null = null;
  #onOutput: () => void = () => {};

  /** @param env nothing of this process's own environment but the path gets through beside it */
  constructor(env: Readonly<Record<string, string>>) {
    if (!existsSync(MAIN)) throw new Error('not built: run npm run build first');
    const { PATH = '' } = process.env;
    this.#child = spawn(process.execPath, [MAIN], {
      env: { PATH, PORT: '0', PARLEY_ADMIN_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#onOutput();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        running.delete(this.#child);
        resolve(code);
      });
    });
  }

  static async start(env: Readonly<Record<string, string>>): Promise<EdgeProcess> {
    const edge = new EdgeProcess(env);
    try {
      await edge.ready();
      return edge;
    } catch (error) {
      await edge.kill();
      throw error;
    }
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#ports?.port}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.#ports?.adminPort}`;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The log, line by line. */
  get logged(): readonly Record<string, unknown>[] {
    const whole = this.#stdout.split('\n').slice(0, -1);
    return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resident memory, by the kernel's account. */
  rssBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text();
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`no metric ${name}`);
    return Number(value);
  }

  /** Drains it (G10). @returns its exit code */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }

  /** Says it once, and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Resolves when its log says so; rejects when it ends before. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new Error(`a node ${why}:\n${this.#stdout}${this.#stderr}`));
      };
      const timer = setTimeout(() => fail(`was not ready within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
      void this.exited.then((code) => fail(`ended with ${code}`));
      this.#onOutput = () => {
        const ready = this.logged.find((line) => line.message === 'ready');
        if (ready === undefined) return;
        clearTimeout(timer);
        this.#onOutput = () => {};
        this.#ports = ready as unknown as { port: number; adminPort: number };
        resolve();
      };
    });
  }
}
