import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@parley/local-services';

const MAIN = fileURLToPath(new URL('../../../apps/edge/dist/main.js', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 30_000;

/** One embedded node in a process of its own, with its data in a folder: what is stored outlives it. */
export class RealNode {
  readonly port: number;
  readonly #adminPort: number;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;

  private constructor(port: number, adminPort: number, env: Readonly<Record<string, string>>) {
    this.port = port;
    this.#adminPort = adminPort;
    this.#env = env;
    this.#folder = mkdtempSync(join(tmpdir(), 'parley-node-'));
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<RealNode> {
    if (!existsSync(MAIN)) throw new Error('not built: run npm run build first');
    const node = new RealNode(await freePort(), await freePort(), env);
    await node.run();
    return node;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Again, on the same port and the same data. */
  async run(): Promise<void> {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...{ PATH, HOST: '127.0.0.1', PORT: String(this.port), PARLEY_ADMIN_PORT: String(this.#adminPort) },
        ...{ PARLEY_DATA_DIR: join(this.#folder, 'data'), ...this.#env },
      },
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    for (const patience = AbortSignal.timeout(READY_TIMEOUT_MS); ; ) {
      const ready = await fetch(`http://127.0.0.1:${this.#adminPort}/readyz`).catch(() => null);
      if (ready?.ok === true) return;
      if (child.exitCode !== null || patience.aborted) throw new Error(`the node did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** `kill -9`: nothing is said to anybody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill(signal);
    await once(child, 'exit');
    clearTimeout(timer);
  }
}
