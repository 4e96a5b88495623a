import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 1000;

export interface TcpProbe {
  readonly host: string;
  readonly port: number;
  /** Sent as soon as the connection stands. */
  readonly send?: string;
  /** Says from everything received so far whether the server is ready; without it, a connection is enough. */
  readonly accept?: (received: Buffer) => boolean;
}

/** Rejects unless the server accepts a connection, and answers as expected, within a second. */
export function probeTcp(probe: TcpProbe): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(probe.port, probe.host);
    let received = Buffer.alloc(0);
    const settle = (error?: Error): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(new Error('no answer')));
    socket.on('error', settle);
    socket.on('close', () => settle(new Error('connection closed')));
    socket.on('connect', () => {
      if (probe.accept === undefined) settle();
      else if (probe.send !== undefined) socket.write(probe.send);
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (probe.accept?.(received) === true) settle();
    });
  });
}
