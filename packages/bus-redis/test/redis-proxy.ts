import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ENVELOPE } from '../src/wire.ts';
import { bulkStrings, frameEnd } from './resp-frames.ts';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  listens: boolean;
  stalled: boolean;
}

/** Stands between one node and Redis, and does what a network does to them. */
export class RedisProxy {
  /** Envelopes (not heartbeats) to lose next. */
  envelopesToLose = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #refuses: boolean = false;
  #stallsNew: boolean = false;

  private constructor(redisPort: number) {
    this.#server = createServer((client) => {
      if (this.#refuses) client.destroy();
      else this.#join(client, connect(redisPort, '127.0.0.1'));
    });
  }

  static async start(redisPort: number): Promise<RedisProxy> {
    const proxy = new RedisProxy(redisPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that stand now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Present connections that subscribed swallow all that Redis sends; new ones work. */
  stallInboxes(): void {
    for (const pair of this.#pairs) pair.stalled ||= pair.listens;
  }

  /** Nothing passes any more, in either direction, on present and new connections, and nothing says so. */
  stall(): void {
    this.#stallsNew = true;
    for (const pair of this.#pairs) pair.stalled = true;
  }

  /** New connections work again; those that swallowed something must not go on with a hole. */
  heal(): void {
    this.#stallsNew = false;
    this.#refuses = false;
    for (const pair of this.#pairs) {
      if (pair.stalled) pair.client.destroy();
    }
  }

  /** Closes every connection and refuses new ones. */
  cut(): void {
    this.#refuses = true;
    for (const pair of this.#pairs) pair.client.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    const pair: Pair = { client, server, listens: false, stalled: this.#stallsNew };
    this.#pairs.add(pair);
    const over = () => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', over).on('close', over);
    client.on('data', (data) => {
      if (data.includes('subscribe')) pair.listens = true;
      if (!pair.stalled) server.write(data);
    });
    let rest: Buffer = Buffer.alloc(0);
    server.on('data', (data) => {
      if (pair.stalled) return;
      rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
      let at = 0;
      for (let end = frameEnd(rest, at); end !== -1; end = frameEnd(rest, at)) {
        this.#forward(client, rest.subarray(at, end));
        at = end;
      }
      rest = rest.subarray(at);
    });
  }

  #forward(client: Socket, frame: Buffer): void {
    if (this.envelopesToLose > 0) {
      const [type, , message] = bulkStrings(frame) ?? [];
      if (type?.toString() === 'message' && message?.[0] === ENVELOPE) {
        this.envelopesToLose -= 1;
        return;
      }
    }
    client.write(frame);
  }
}
