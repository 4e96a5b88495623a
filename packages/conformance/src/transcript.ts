/** One thing that happened, as seen by the suite. */
export interface TranscriptLine {
  /** Since the rule began. */
  readonly atMs: number;
  /** The client's name in the rule, such as `alice` or `bob/2`. */
  readonly peer: string;
  readonly direction: 'sent' | 'got' | 'note';
  readonly text: string;
}

const MAX_LINES = 4_000;
const SHOWN_CHARS = 400;
const ARROWS = { sent: '->', got: '<-', note: '--' } as const;

/** What the clients of one rule sent and got, in the order of this machine. Keeps the last 4,000 lines. */
export class Transcript {
  readonly #startedAtMs = performance.now();
  readonly #lines: TranscriptLine[] = [];
  #forgotten = 0;

  add(peer: string, direction: TranscriptLine['direction'], text: string): void {
    this.#lines.push({ atMs: Math.round(performance.now() - this.#startedAtMs), peer, direction, text });
    if (this.#lines.length > MAX_LINES) {
      this.#lines.splice(0, MAX_LINES / 2);
      this.#forgotten += MAX_LINES / 2;
    }
  }

  get lines(): readonly TranscriptLine[] {
    return this.#lines;
  }

  /** The last `count` lines for a reader. */
  excerpt(count: number): readonly string[] {
    const shown = this.#lines.slice(-count);
    const before = this.#forgotten + this.#lines.length - shown.length;
    const width = Math.max(0, ...shown.map(({ peer }) => peer.length));
    const lines = shown.map(({ atMs, peer, direction, text }) => {
      const cut = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}… (${text.length} characters)` : text;
      return `${String(atMs).padStart(6)} ms  ${peer.padEnd(width)} ${ARROWS[direction]} ${cut}`;
    });
    return before === 0 ? lines : [`(${before} lines before)`, ...lines];
  }
}
