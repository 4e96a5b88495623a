import { WebSocket } from 'ws';
import { nextUserId, type SignIn } from './scene.ts';

const ANSWER_TIMEOUT_MS = 5_000;
const VALID_S = 60;

/** The server lets none of the users in that the rules are played with. */
export class NotAdmittedError extends Error {
  readonly url: string;

  /** @param why what the server says, for people */
  constructor(url: string, why: string) {
    super(`${url} refuses to sign a user in: ${why}`);
    this.name = 'NotAdmittedError';
    this.url = url;
  }
}

/**
 * Signs a made-up user in, once in each protocol: with the wrong secret every rule would fail, and none would say so. Rejects with `NotAdmittedError`
 * when the server answers both with an error of the sign-in; whatever else it does is for the rules to judge. Takes at most ten seconds.
 */
export async function enter(url: string, signIn: SignIn): Promise<void> {
  const userId = nextUserId();
  const who = signIn.kind === 'tokens' ? { token: signIn.mint(userId, { expiresInS: VALID_S }) } : { user_id: userId };
  const why = await refusal(url, JSON.stringify({ type: 'hello', v: 2, ...who }));
  if (why === null) return;
  if ((await refusal(url, who.token ?? String(userId))) !== null) throw new NotAdmittedError(url, why);
}

/** @returns what the server says against this first frame; null when it says something else, or nothing */
function refusal(url: string, first: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { handshakeTimeout: ANSWER_TIMEOUT_MS, perMessageDeflate: false });
    const end = (why: string | null): void => {
      clearTimeout(timer);
      socket.terminate();
      resolve(why);
    };
    const timer = setTimeout(() => end(null), ANSWER_TIMEOUT_MS);
    socket.on('open', () => socket.send(first));
    socket.on('message', (data) => end(signInError(String(data))));
    socket.on('error', () => end(null));
    socket.on('close', () => end(null));
  });
}

/** 2xxx: errors of the sign-in. */
function signInError(text: string): string | null {
  try {
    const { type, code, message } = JSON.parse(text) as { type?: unknown; code?: unknown; message?: unknown };
    const isOne = type === 'error' && typeof code === 'number' && code >= 2_000 && code < 3_000;
    return isOne ? String(message ?? code) : null;
  } catch {
    return null;
  }
}
