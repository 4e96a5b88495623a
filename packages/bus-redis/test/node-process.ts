import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './redis-harness.ts';

/** A node in a process of its own. Every test that starts one must `kill` it. */
export class NodeProcess {
  /** What it said: `joined <id>`, `down <reason>`, `rejoined <id>`, `dead <id>`, `loss <reason>`. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #errors = '';

  constructor(options: {
    url: string;
    mode?: 'standalone' | 'cluster';
    prefix: string;
    topics: number;
    lastMessageId: number;
  }) {
    const script = fileURLToPath(new URL('node-child.mjs', import.meta.url));
    const { url, mode = 'standalone', prefix, topics, lastMessageId } = options;
    const values = [url, mode, prefix, topics, lastMessageId].map(String);
    this.#child = spawn(process.execPath, [script, ...values], { stdio: ['pipe', 'pipe', 'pipe'] });
    let rest = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** Its node id, once it has said this word. */
  async idAfter(word: 'joined' | 'rejoined'): Promise<string> {
    const find = () => this.lines.find((line) => line.startsWith(`${word} `));
    await until(() => find() !== undefined || this.#child.exitCode !== null, `the child to have ${word}`, 20_000);
    const line = find();
    if (line === undefined) throw new Error(`the child has ended: ${this.#errors}`);
    return line.slice(word.length + 1);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
