import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type ChatEvent, renderText } from './events.ts';

export interface TerminalOptions {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly json: boolean;
  readonly colour: boolean;
}

/**
 * Lines in, events out. On a terminal, what arrives appears above the line being typed; piped, one event is one line (a message with line
 * breaks takes several, unless `json`).
 */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #lines: ReturnType<typeof createInterface>;
  readonly #interactive: boolean;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#interactive = options.input.isTTY === true && options.output.isTTY === true && !options.json;
    this.#lines = createInterface(
      this.#interactive
        ? { input: options.input, output: options.output, prompt: '> ', terminal: true }
        : { input: options.input, terminal: false },
    );
  }

  show(event: ChatEvent): void {
    const { output, json, colour } = this.#options;
    if (!this.#interactive) {
      output.write(`${json ? JSON.stringify(event) : renderText(event, { colour: false, localTime: false })}\n`);
      return;
    }
    // Back to the first column and clear it, write, then draw the prompt and the half-typed line again.
    output.write(`\r\u001b[K${renderText(event, { colour, localTime: true })}\n`);
    this.#lines.prompt(true);
  }

  /**
   * Hands each line to `take`, one at a time; the source is paused while one is being taken.
   * @returns when the input has ended, or `interrupted` on Ctrl-C
   */
  async each(take: (line: string) => Promise<void>): Promise<'ended' | 'interrupted'> {
    let interrupted = false;
    this.#lines.on('SIGINT', () => {
      interrupted = true;
      this.#lines.close();
    });
    if (this.#interactive) this.#lines.prompt();
    for await (const line of this.#lines) {
      await take(line);
      if (this.#interactive) this.#lines.prompt();
    }
    return interrupted ? 'interrupted' : 'ended';
  }

  close(): void {
    this.#lines.close();
    if (this.#interactive) this.#options.output.write('\r\u001b[K');
  }
}
