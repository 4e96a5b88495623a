import type { Timers } from './environment.ts';
import type { Requests } from './requests.ts';
import type { Tokens } from './token.ts';

const RETRY_MS = 5_000;

export interface TokenRefreshDependencies {
  readonly tokens: Tokens;
  readonly requests: Requests;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

/** Extends a connection with a new token, in band; as long as that fails, again, until the connection ends by itself. */
export class TokenRefresh {
  readonly #deps: TokenRefreshDependencies;
  #stop: (() => void) | null = null;

  constructor(deps: TokenRefreshDependencies) {
    this.#deps = deps;
  }

  onNeeded(): void {
    if (this.#deps.tokens.renewable && this.#stop === null) void this.#refresh();
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
      const token = await this.#deps.tokens.fresh('refresh');
      if (token !== null && !stopped) await this.#deps.requests.once('refreshed', { type: 'refresh', token });
      if (!stopped) this.#stop = null;
    } catch (error) {
      if (stopped) return;
      this.#deps.onError(error);
      this.#stop = this.#deps.timers.after(RETRY_MS, () => void this.#refresh());
    }
  }
}
