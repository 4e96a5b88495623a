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

/** Asks the system whether this process could listen there, alone. @returns why not, or null when it could */
export async function listenFailure(host: string, port: number): Promise<ListenError | null> {
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
  switch (code) {
    case null:
      return null;
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} on ${host} is in use: stop what listens there, or choose another port.`,
        code,
      );
    case 'EACCES':
      return new ListenError(`Not allowed to listen on ${placeOf(host, port)}: choose a port above 1023.`, code);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ListenError(`${host} is not an address of this machine: choose another host, 0.0.0.0 for all.`, code);
    default:
      return unexplained(host, port, code);
  }
}

/** uWS says only that it failed. */
export const unexplained = (host: string, port: number, code = ''): ListenError =>
  new ListenError(`Could not listen on ${placeOf(host, port)}${code === '' ? '' : ` (${code})`}.`, code || null);

const placeOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;
