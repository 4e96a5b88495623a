import { Redis } from 'ioredis';

/** A stored message on its way to the members' sockets. */
export interface PlainMessage {
  readonly messageId: number;
  readonly conversationId: number;
  readonly senderId: number;
  readonly members: readonly number[];
  readonly frame: string;
}

/** Hands each message to every plain server, the publisher included. */
export interface PlainBus {
  publish(message: PlainMessage): void;
  close(): Promise<void>;
}

/** For one plain server alone. */
export class LocalPlainBus implements PlainBus {
  readonly #onMessage: (message: PlainMessage) => void;

  constructor(onMessage: (message: PlainMessage) => void) {
    this.#onMessage = onMessage;
  }

  publish(message: PlainMessage): void {
    this.#onMessage(message);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const CHANNEL = 'plain:messages';

/** The plain way: one channel that every server subscribes, one PUBLISH per message. */
export class RedisPlainBus implements PlainBus {
  readonly #commands: Redis;
  readonly #subscriber: Redis;

  private constructor(commands: Redis, subscriber: Redis) {
    this.#commands = commands;
    this.#subscriber = subscriber;
  }

  static async open(url: string, onMessage: (message: PlainMessage) => void): Promise<RedisPlainBus> {
    const subscriber = new Redis(url);
    subscriber.on('message', (_channel: string, text: string) => onMessage(JSON.parse(text) as PlainMessage));
    await subscriber.subscribe(CHANNEL);
    return new RedisPlainBus(new Redis(url), subscriber);
  }

  publish(message: PlainMessage): void {
    this.#commands.publish(CHANNEL, JSON.stringify(message)).catch((error: unknown) => {
      console.error(`plain server: publish failed: ${String(error)}`);
    });
  }

  close(): Promise<void> {
    this.#commands.disconnect();
    this.#subscriber.disconnect();
    return Promise.resolve();
  }
}
