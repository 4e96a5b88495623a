import { type CloseName, ERROR_CODES, type ErrorName } from '@parley/protocol';
import type { Identity } from '../ports/authenticator.ts';
import { StoreError } from '../ports/message-store.ts';
import type { NodeServices } from '../services.ts';
import type { User } from '../types.ts';

/** What an authenticator has found to be true. */
export type Proof = Extract<Identity, { ok: true }>;

export type SignInResult =
  | { readonly ok: true; readonly proof: Proof; readonly user: User }
  | { readonly ok: false; readonly close: CloseName; readonly error: ErrorName; readonly detail?: string };

type SignInServices = Pick<NodeServices, 'authenticator' | 'signIns' | 'hub' | 'log'>;

/**
 * Finds out who a client is. Never rejects.
 * @param stored whether the user must be in the store with its name now; else both come with its memberships, in one read
 */
export async function signIn(
  claim: string,
  stored: boolean,
  { authenticator, signIns, hub, log }: SignInServices,
  sessionId: number,
): Promise<SignInResult> {
  try {
    const proof = await authenticator.authenticate(claim);
    if (!proof.ok) {
      // Trouble on this side is no reason to stay away.
      const close = ERROR_CODES[proof.error].temporary ? 'internal' : 'sign_in_refused';
      return { ...proof, close };
    }
    const { userId, name } = proof;
    if (stored) return { ok: true, proof, user: await signIns.ask({ userId, name }) };
    return { ok: true, proof, user: { id: userId, name: hub.user(userId)?.name ?? name ?? `User ${userId}` } };
  } catch (error) {
    log.error({ err: error, session: sessionId }, 'sign-in failed');
    return { ok: false, close: 'internal', error: error instanceof StoreError ? 'store_unavailable' : 'internal' };
  }
}
