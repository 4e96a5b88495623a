import type { ErrorName } from '@parley/protocol';
import type { UserId } from '../types.ts';

export type Identity =
  /** `name`: the display name that the proof carries, or null to keep (or make up) the stored one. */
  | { readonly ok: true; readonly userId: UserId; readonly name: string | null }
  | { readonly ok: false; readonly error: ErrorName; readonly detail?: string };

/** Turns a first frame into an identity. Never rejects; bounded in time. */
export interface Authenticator {
  authenticate(firstFrame: string): Promise<Identity> | Identity;
}
