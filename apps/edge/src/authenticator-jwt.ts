import type { Authenticator, CancelTimer, Clock, Identity, Log, TimeUs } from '@parley/core';
import { decodeSignIn } from '@parley/protocol';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { JwtConfig } from './auth-config.ts';
import { type JwtKeys, openJwtKeys } from './jwt-keys.ts';

/** How far the clock of the issuer may be ahead of the node's. */
const LEEWAY_SECONDS = 5;
/** Keys of a URL are fetched anew this often, so that a key taken back there is taken back here. */
const REFRESH_MS = 600_000;
const MAX_NAME_BYTES = 255;

export interface JwtAuthenticatorDependencies {
  readonly config: JwtConfig;
  readonly keys: JwtKeys;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * L17: the proof is a JWT, signed with the configured key, whose `sub` is the user id and whose `name`, if any, is the display name. `exp`
 * is required and holds to the second, since a session ends with its token; `nbf` is checked with a leeway, `iss` and `aud` where they are configured. Never rejects; bounded by the fetch of keys.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #deps: JwtAuthenticatorDependencies;
  readonly #cancelRefresh: CancelTimer;

  constructor(deps: JwtAuthenticatorDependencies) {
    this.#deps = deps;
    this.#cancelRefresh = deps.clock.every(REFRESH_MS, () => void this.refreshKeys());
  }

  /** Reads the keys and, when they live elsewhere, fetches them; a failing fetch is made again with the first token. */
  static async open(deps: Omit<JwtAuthenticatorDependencies, 'keys'>): Promise<JwtAuthenticator> {
    const authenticator = new JwtAuthenticator({ ...deps, keys: await openJwtKeys(deps.config.key) });
    await authenticator.refreshKeys();
    return authenticator;
  }

  async refreshKeys(): Promise<void> {
    try {
      await this.#deps.keys.refresh();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the keys for sign-in could not be fetched; those known stay in use');
    }
  }

  close(): void {
    this.#cancelRefresh();
  }

  async authenticate(proof: string): Promise<Identity> {
    const signIn = decodeSignIn(proof);
    if (signIn.kind !== 'token') {
      const detail = signIn.kind === 'user_id' ? 'A user id proves nothing here: send a token.' : undefined;
      return { ok: false, error: 'invalid_token', ...(detail === undefined ? {} : { detail }) };
    }
    const { config, keys, clock } = this.#deps;
    const nowUs = clock.nowUs();
    try {
      const { payload } = await jwtVerify(signIn.token, keys.key, {
        algorithms: [...keys.algorithms],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(nowUs / 1_000),
        ...(config.issuer === null ? {} : { issuer: config.issuer }),
        ...(config.audience === null ? {} : { audience: config.audience }),
      });
      // `exp` is required, so it is there.
      const expiresAtUs = (payload.exp ?? 0) * 1_000_000;
      // Let in with the leeway, it would be sent away at once, and come back with the same token until that is over.
      return expiresAtUs <= nowUs ? { ok: false, error: 'token_expired' } : identityOf(payload, expiresAtUs);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #refuse(error: unknown): Identity {
    if (error instanceof errors.JWTExpired) return { ok: false, error: 'token_expired' };
    if (error instanceof errors.JWTClaimValidationFailed) {
      return {
        ok: false,
        error: 'invalid_token',
        detail: `The token's "${error.claim}" is missing or not accepted here.`,
      };
    }
    // The token is not to blame when the keys cannot be had.
    const ours = !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || isFetchFailure(error);
    if (!ours) return { ok: false, error: 'invalid_token' };
    this.#deps.log.error({ err: error }, 'the keys for sign-in could not be fetched');
    return { ok: false, error: 'internal' };
  }
}

/** jose has no class of its own for an answer other than 200 or without keys in it. */
const isFetchFailure = (error: Error): boolean =>
  error.constructor === errors.JOSEError || error instanceof errors.JWKSInvalid;

function identityOf(payload: JWTPayload, expiresAtUs: TimeUs): Identity {
  const { sub } = payload;
  const signIn = typeof sub === 'string' && sub === sub.trim() ? decodeSignIn(sub) : null;
  if (signIn?.kind !== 'user_id') {
    return { ok: false, error: 'invalid_token', detail: 'The token\'s "sub" is not a user id.' };
  }
  return { ok: true, userId: signIn.userId, name: displayName(payload.name), expiresAtUs };
}

/** A name that cannot be shown as it is counts as none: the stored one stays. */
function displayName(claim: unknown): string | null {
  if (typeof claim !== 'string' || !claim.isWellFormed()) return null;
  const name = claim.trim();
  if (name === '' || /\p{Cc}/u.test(name) || Buffer.byteLength(name) > MAX_NAME_BYTES) return null;
  return name;
}
