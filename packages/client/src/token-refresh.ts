import type { Timers } from './environment.ts';
import type { Requests } from './requests.ts';
import type { Tokens } from './token.ts';

const RETRY_MS = 5_000;

/** Extends a connection with a new token, in band; as long as that fails, again, until the connection ends by itself. */
export class TokenRefresh {
  readonly #tokens: Tokens;
  readonly #requests: Requests;
  readonly #timers: Timers;
  readonly #onError: (error: unknown) => void;
  #stop: (() => void) | null = null;

  constructor(tokens: Tokens, requests: Requests, timers: Timers, onError: (error: unknown) => void) {
    this.#tokens = tokens;
    this.#requests = requests;
    this.#timers = timers;
    this.#onError = onError;
  }

  onNeeded(): void {
    if (this.#tokens.renewable && this.#stop === null) void this.#refresh();
  }

  onDown(): void {
    this.#stop?.();
    this.#stop = null;
  }

  async #refresh(): Promise<void> {
    let stopped = false;
    this.#stop = () => {
      stopped = true;
    };
    try {
      const token = await this.#tokens.fresh('refresh');
      if (token !== null && !stopped) await this.#requests.once('refreshed', { type: 'refresh', token });
      if (!stopped) this.#stop = null;
    } catch (error) {
      if (stopped) return;
      this.#onError(error);
      this.#stop = this.#timers.after(RETRY_MS, () => void this.#refresh());
    }
  }
}
