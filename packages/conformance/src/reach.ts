import { WebSocket } from 'ws';

const REACH_TIMEOUT_MS = 5_000;

/** Nobody takes WebSocket connections there. */
export class UnreachableError extends Error {
  readonly url: string;

  constructor(url: string, why: string) {
    super(`cannot connect to ${url}: ${why}`);
    this.name = 'UnreachableError';
    this.url = url;
  }
}

/** Opens and closes a WebSocket. Rejects with `UnreachableError`, within five seconds. */
export function reach(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { handshakeTimeout: REACH_TIMEOUT_MS, perMessageDeflate: false });
    let reached = false;
    socket.on('open', () => {
      reached = true;
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      reject(new UnreachableError(url, error.message || (error.code ?? 'no answer'))),
    );
    socket.on('close', () => (reached ? resolve() : reject(new UnreachableError(url, 'the connection was closed'))));
  });
}
