import { ChatNode } from '../chat-node.ts';
import { MemoryNetwork } from '../memory/memory-network.ts';
import { createMemoryStores, type MemoryStores } from '../memory/memory-stores.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { ConversationReader } from '../ports/conversation-reader.ts';
import type { ConversationStore } from '../ports/conversation-store.ts';
import type { GroupStore } from '../ports/group-store.ts';
import type { MessageStore } from '../ports/message-store.ts';
import type { ReceiptStore } from '../ports/receipt-store.ts';
import type { ChatNodeSettings } from '../settings.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { CountingTelemetry, silentLog, trustingAuthenticator } from './test-doubles.ts';

/** What a test puts in the place of methods of the stores; `real` is what they would have done. */
export type StoreFaults = (real: MemoryStores) => {
  readonly messages?: Partial<MessageStore>;
  readonly conversations?: Partial<ConversationStore>;
  readonly receipts?: Partial<ReceiptStore>;
  readonly groups?: Partial<GroupStore>;
  readonly reader?: Partial<ConversationReader>;
};

/** One engine on stores and a bus in memory and a fake clock, for tests of one thing that goes wrong at one moment. */
export class LoneNode {
  readonly clock = new FakeClock();
  readonly telemetry = new CountingTelemetry();
  readonly stores = createMemoryStores();
  readonly network = new MemoryNetwork();
  readonly node: ChatNode;
  #connections = 0;

  constructor(
    options: {
      readonly settings?: Partial<ChatNodeSettings>;
      readonly faults?: StoreFaults;
      readonly authenticator?: Authenticator;
    } = {},
  ) {
    const { bus, directory } = this.network.createNode();
    const faults = options.faults?.(this.stores) ?? {};
    this.node = new ChatNode({
      clock: this.clock,
      bus,
      directory,
      messages: overridden(this.stores.messages, faults.messages),
      conversations: overridden(this.stores.conversations, faults.conversations),
      receipts: overridden(this.stores.receipts, faults.receipts),
      groups: overridden(this.stores.groups, faults.groups),
      reader: overridden(this.stores.reader, faults.reader),
      epoch: 'epoch-1',
      authenticator: options.authenticator ?? trustingAuthenticator,
      telemetry: this.telemetry,
      log: silentLog,
      bootId: 'boot000000',
      settings: { createUnknownMembers: true, ...options.settings },
      random: () => 0,
    });
  }

  connect(): FakeConnection {
    const connection = new FakeConnection(++this.#connections);
    connection.handler = this.node.accept(connection);
    return connection;
  }

  async signIn(userId: number): Promise<FakeConnection> {
    const connection = this.connect();
    connection.say(String(userId));
    await this.clock.settle();
    return connection;
  }

  /** A conversation of these users that no node has heard of. */
  async openPersonal(a: number, b: number): Promise<number> {
    await this.stores.conversations.ensureUsers([a, b]);
    const opened = await this.stores.conversations.openPersonal(a, b);
    if (!opened.ok) throw new Error('the conversation was not opened');
    return opened.conversationId;
  }
}

function overridden<T extends object>(real: T, fake: Partial<T> = {}): T {
  return new Proxy(real, {
    get: (target, name) => {
      const method = Reflect.get(fake, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}
