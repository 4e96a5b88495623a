import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** A network between client and server that the test can silence. */
export class TcpGate {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const server = createConnection(targetPort, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (data) => {
          // Into the void, as with a cable pulled: nobody is told.
          if (!this.#silent) to.write(data);
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          if (!this.#silent) to.destroy();
        });
      }
    });
  }

  static async open(targetPort: number): Promise<TcpGate> {
    const gate = new TcpGate(targetPort);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more, in either direction, and nobody is told. */
  silence(): void {
    this.#silent = true;
  }

  /** New connections pass again; the old ones are gone. */
  restore(): void {
    this.#silent = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.restore();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
