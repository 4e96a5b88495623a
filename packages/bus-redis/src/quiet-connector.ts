import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { AbstractConnector, SentinelConnector } from 'ioredis';

interface ConnectorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ConnectionOptions;
}

/**
 * ioredis listens for the first error of a socket only. A TLS socket may have a second one (a refused certificate, then the
 * server's alert), which would end the process. The first one says all there is to say.
 */
const ignoreLaterErrors = <T extends Socket>(socket: T): T => socket.on('error', () => {});

/** Connects to one server, by TCP or TLS; a disconnect closes the socket at once, also one whose other end no longer answers. */
export class QuietConnector extends AbstractConnector {
  readonly #options: ConnectorOptions;

  constructor(options: unknown) {
    super(0);
    this.#options = options as ConnectorOptions;
  }

  override connect(): Promise<Socket | TLSSocket> {
    const { host = '127.0.0.1', port = 6379, tls } = this.#options;
    this.connecting = true;
    this.stream = ignoreLaterErrors(tls === undefined ? connect({ host, port }) : connectTls({ host, port, ...tls }));
    this.stream.once('error', (error: Error) => {
      this.firstError = error;
    });
    return Promise.resolve(this.stream);
  }

  override disconnect(): void {
    this.connecting = false;
    // There is none before the first `connect`.
    const stream: Socket | undefined = this.stream;
    stream?.destroy();
  }
}

/** Connects to the master that sentinels name. */
export class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
  }

  override async connect(...args: Parameters<SentinelConnector['connect']>): Promise<Socket | TLSSocket> {
    return ignoreLaterErrors(await super.connect(...args));
  }
}
