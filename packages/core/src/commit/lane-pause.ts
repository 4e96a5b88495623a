import { backoffMs } from '../backoff.ts';
import type { GroupCommitDeps } from './group-commit-deps.ts';

const RETRY_MIN_MS = 10;
const RETRY_MAX_MS = 1_000;

/** What a lane waits before its next call: longer with each failure in a row. Logs when the store begins to fail, and when it works again. */
export class LanePause {
  readonly #deps: Pick<GroupCommitDeps, 'clock' | 'log' | 'random'>;
  readonly #lane: number;
  #failures = 0;
  #delayMs = 0;

  constructor(deps: Pick<GroupCommitDeps, 'clock' | 'log' | 'random'>, lane: number) {
    this.#deps = deps;
    this.#lane = lane;
  }

  /** The last call failed in a way that a later one may not: the store is away. */
  get storeAway(): boolean {
    return this.#failures > 0;
  }

  /** 0: the next call may begin at once. */
  get delayMs(): number {
    return this.#delayMs;
  }

  failed(reason: string): void {
    this.#failures += 1;
    this.#delayMs = this.#backoff(this.#failures);
    const { log } = this.#deps;
    const fields = { lane: this.#lane, failures: this.#failures, delayMs: this.#delayMs, reason };
    if (this.#failures === 1) log.warn(fields, 'a commit failed, trying again');
    else log.debug(fields, 'a commit failed again');
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    this.#deps.log.info({ lane: this.#lane, failures: this.#failures }, 'commits work again');
    this.#failures = 0;
  }

  /** Members changed while they were read, so many times in a row: the store is well, and the first time needs no pause. */
  stale(rounds: number): void {
    if (rounds > 1) this.#delayMs = this.#backoff(rounds);
  }

  wait(): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    return new Promise((resolve) => {
      this.#deps.clock.after(delayMs, resolve);
    });
  }

  #backoff(failures: number): number {
    return backoffMs(failures, RETRY_MIN_MS, RETRY_MAX_MS, this.#deps.random ?? Math.random);
  }
}
