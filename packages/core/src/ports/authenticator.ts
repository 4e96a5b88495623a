import type { ErrorName } from '@parley/protocol';
import type { TimeUs, UserId } from '../types.ts';

export type Identity =
  /**
   * `name`: the display name that the proof carries, or null to keep (or make up) the stored one. `expiresAtUs`: how long the proof holds; absent: for
   * ever.
   */
  | { readonly ok: true; readonly userId: UserId; readonly name: string | null; readonly expiresAtUs?: TimeUs }
  | { readonly ok: false; readonly error: ErrorName; readonly detail?: string };

/** Turns a proof (a legacy first frame, the token or user id of a `hello`, the token of a `refresh`) into an identity. Never rejects; bounded in time. */
export interface Authenticator {
  authenticate(proof: string): Promise<Identity> | Identity;
}
