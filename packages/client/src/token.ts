import type { ChatClientOptions, GetTokenContext } from './api/options.ts';
import type { Timers } from './environment.ts';

type Options = Pick<ChatClientOptions, 'token' | 'getToken' | 'userId'>;

const TIMEOUT_MS = 30_000;

/** Where the proof of identity comes from. `getToken` is called once at a time, until it takes too long: who asks meanwhile gets the same answer. */
export class Tokens {
  readonly #options: Options;
  readonly #timers: Timers;
  #asked: Promise<string | null> | null = null;

  constructor(options: Options, timers: Timers) {
    this.#options = options;
    this.#timers = timers;
  }

  /** A new token can be had. */
  get renewable(): boolean {
    return this.#options.getToken !== undefined;
  }

  /** What `hello` carries; null: signed out. Rejects as `getToken` does, and when it takes too long. */
  async credentials(reason: GetTokenContext['reason']): Promise<{ token: string } | { user_id: number } | null> {
    const { token, userId } = this.#options;
    if (this.renewable) {
      const fresh = await this.fresh(reason);
      return fresh === null ? null : { token: fresh };
    }
    if (token !== undefined) return { token };
    return userId === undefined ? null : { user_id: userId };
  }

  fresh(reason: GetTokenContext['reason']): Promise<string | null> {
    this.#asked ??= this.#timers
      .within(TIMEOUT_MS, 'getToken', async () => (await this.#options.getToken?.({ reason })) ?? null)
      .finally(() => {
        this.#asked = null;
      });
    return this.#asked;
  }
}
