import { createServer } from 'node:net';

/** Could not listen; the message says why and what to do. */
export class ListenError extends Error {
  /** The system's name for it, or null when it is not known. */
  readonly code: string | null;
  constructor(message: string, code: string | null) {
    super(message);
    this.name = 'ListenError';
    this.code = code;
  }
}

/** uWS says only that it failed: ask the system the same question once more, and take its answer for the reason. */
export async function explainListenFailure(host: string, port: number): Promise<ListenError> {
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? null));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} on ${host} is in use: stop what listens there, or choose another port (0 for any free one).`,
        code,
      );
    case 'EACCES':
      return new ListenError(`Not allowed to listen on ${where}: choose a port above 1023.`, code);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenError(`${host} is not an address of this machine: choose another host, 0.0.0.0 for all.`, code);
    default:
      return new ListenError(`Could not listen on ${where}${code === null ? '' : ` (${code})`}.`, code);
  }
}
