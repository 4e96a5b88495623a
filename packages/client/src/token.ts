import type { ChatClientOptions, GetTokenContext } from './api/options.ts';

type Options = Pick<ChatClientOptions, 'token' | 'getToken' | 'userId'>;

/** Where the proof of identity comes from. `getToken` is called once at a time: who asks meanwhile gets the same answer. */
export class Tokens {
  readonly #options: Options;
  #asked: Promise<string | null> | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A new token can be had. */
  get renewable(): boolean {
    return this.#options.getToken !== undefined;
  }

  /** What `hello` carries; null: signed out. Rejects as `getToken` does. */
  async credentials(reason: GetTokenContext['reason']): Promise<{ token: string } | { user_id: number } | null> {
    const { token, userId } = this.#options;
    if (this.renewable) {
      const fresh = await this.fresh(reason);
      return fresh === null ? null : { token: fresh };
    }
    if (token !== undefined) return { token };
    return userId === undefined ? null : { user_id: userId };
  }

  /** Who asks next calls `getToken` again. */
  giveUp(): void {
    this.#asked = null;
  }

  fresh(reason: GetTokenContext['reason']): Promise<string | null> {
    if (this.#asked !== null) return this.#asked;
    const asked = this.#ask(reason).finally(() => {
      if (this.#asked === asked) this.#asked = null;
    });
    this.#asked = asked;
    return asked;
  }

  // Async, so that a `getToken` that throws at once rejects.
  async #ask(reason: GetTokenContext['reason']): Promise<string | null> {
    return (await this.#options.getToken?.({ reason })) ?? null;
  }
}
