import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestDatabase } from './mysql-harness.ts';

export interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** Told of each chunk that a client sends; says when, or whether, it goes on to the server. */
export type Interceptor = (chunk: Buffer, link: Link, forward: () => void) => void;

/** A TCP proxy in front of the database, to cut or hold a connection at an exact place of the conversation. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Null: everything passes. */
  intercept: Interceptor | null = null;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => {
      const server = connect({ ...target, noDelay: true });
      client.setNoDelay(true);
      const link = { client, server };
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => from.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
      client.on('data', (chunk) => {
        const forward = () => server.write(chunk);
        if (this.intercept === null) forward();
        else this.intercept(chunk, link, forward);
      });
      server.on('data', (chunk) => client.write(chunk));
    });
  }

  /** In front of that database's server; on a free port unless one is named. */
  static async to({ options: { host, port: serverPort = 3306 } }: TestDatabase, port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host, port: serverPort });
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is not listening');
    return { host: '127.0.0.1', port: address.port };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Lets the first chunk that holds `text` be handled by `then`; everything before and after it passes. */
export const at = (text: string, then: Interceptor): Interceptor => {
  let met = false;
  return (chunk, link, forward) => {
    if (met || !chunk.includes(text)) {
      forward();
      return;
    }
    met = true;
    then(chunk, link, forward);
  };
};

/** The chunk with `text` does not arrive. */
export const cutBefore = (text: string): Interceptor => at(text, (_, { client }) => client.destroy());

/** The server does all that the chunk with `text` says, statements that write, and its answer does not arrive. */
export const cutBehind = (text: string): Interceptor =>
  at(text, (_, { client, server }, forward) => {
    server.removeAllListeners('data');
    let answer = Buffer.alloc(0);
    server.on('data', (data) => {
      answer = Buffer.concat([answer, data]);
      // The first statement may be answered while the next ones, COMMIT the last, are still being carried out.
      if (isWhole(answer)) client.destroy();
    });
    forward();
  });

const HEADER_BYTES = 4;
const ERROR_PACKET = 0xff;
/** Status of an OK packet: the answers to further statements follow. */
const MORE_RESULTS = 0x0008;

/** Whether packets that say OK, one per statement, or the error of one have come to the last of them. */
function isWhole(answer: Buffer): boolean {
  for (let at = 0; at + HEADER_BYTES <= answer.length; ) {
    const begin = at + HEADER_BYTES;
    at = begin + answer.readUIntLE(at, 3);
    if (at > answer.length) return false;
    if (answer[begin] === ERROR_PACKET) return true;
    // Affected rows and the last insert id come before the status.
    const status = pastInteger(answer, pastInteger(answer, begin + 1));
    if ((answer.readUInt16LE(status) & MORE_RESULTS) === 0) return true;
  }
  return false;
}

/** Behind the length-encoded integer at `at`. */
function pastInteger(bytes: Buffer, at: number): number {
  const moreBytes = { 252: 2, 253: 3, 254: 8 }[bytes[at] ?? 0] ?? 0;
  return at + 1 + moreBytes;
}
