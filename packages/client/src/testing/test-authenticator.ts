import type { Authenticator, Identity } from '@parley/core';
import type { TestServerClock } from './test-clock.ts';

const TOKEN = /^test-token\.(\d+)\.(\d+|never)$/;

/** A token that `TestAuthenticator` believes. */
export const makeToken = (userId: number, expiresAtUs: number | null): string =>
  `test-token.${userId}.${expiresAtUs ?? 'never'}`;

/** Believes bare user ids, and tokens made by `makeToken` until they expire. */
export class TestAuthenticator implements Authenticator {
  readonly #clock: TestServerClock;

  constructor(clock: TestServerClock) {
    this.#clock = clock;
  }

  authenticate(proof: string): Identity {
    if (/^\d+$/.test(proof)) return { ok: true, userId: Number(proof), name: null };
    const [, userId, expiry] = TOKEN.exec(proof) ?? [];
    if (userId === undefined || expiry === undefined) return { ok: false, error: 'invalid_token' };
    const identity = { ok: true, userId: Number(userId), name: null } as const;
    if (expiry === 'never') return identity;
    const expiresAtUs = Number(expiry);
    return expiresAtUs > this.#clock.nowUs() ? { ...identity, expiresAtUs } : { ok: false, error: 'token_expired' };
  }
}
