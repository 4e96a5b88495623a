import type { Authenticator, Identity } from '@parley/core';
import { decodeSignIn } from '@parley/protocol';

/** L1, L17: believes everybody. Only for development, as the node says loudly at start. */
export class DevelopmentAuthenticator implements Authenticator {
  authenticate(firstFrame: string): Identity {
    const signIn = decodeSignIn(firstFrame);
    switch (signIn.kind) {
      case 'user_id':
        return { ok: true, userId: signIn.userId, name: null };
      case 'token':
        return {
          ok: false,
          error: 'invalid_user_id',
          detail: 'This node takes bare user ids and no tokens (PARLEY_AUTH=development).',
        };
      case 'invalid':
        return { ok: false, error: 'invalid_user_id' };
    }
  }
}
