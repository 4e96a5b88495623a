import type { AddressInfo } from 'node:net';
import {
  encodeConversationReady,
  encodeError,
  encodeMessage,
  encodeMessageAck,
  encodeSignedIn,
} from '@parley/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Fault, FaultInjector } from './fault.ts';
import { LocalPlainBus, type PlainBus, type PlainMessage, RedisPlainBus } from './plain-bus.ts';
import { PlainInbox } from './plain-inbox.ts';
import { MemoryPlainStore, type PlainStore } from './plain-store.ts';
import { type MysqlAddress, MysqlPlainStore } from './plain-store-mysql.ts';

export interface PlainServerOptions {
  /** 0: a free port. */
  readonly port: number;
  readonly fault?: Fault;
  /** Which message the fault befalls, counted from 1. */
  readonly faultAt?: number;
  /** Both or neither: without them everything is in this process. */
  readonly shared?: { readonly mysql: MysqlAddress; readonly redisUrl: string; readonly connections: number };
}

export interface PlainServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Messages whose sending connection is remembered, so that it alone gets no copy. */
const MAX_ORIGINS = 10_000;

interface ClientFrame {
  readonly type?: string;
  readonly conv_id?: number | string;
  readonly member?: readonly number[];
  readonly msg?: string;
}

/**
 * A plain server of the legacy protocol, as one would write it in an afternoon: `ws`, one INSERT and one PUBLISH per message, no checks, no
 * order, no repair. It is the peer for comparison in the bench and, with a fault, the liar that the checkers must convict.
 */
export async function startPlainServer(options: PlainServerOptions): Promise<PlainServer> {
  const { shared } = options;
  const store: PlainStore =
    shared === undefined ? new MemoryPlainStore() : await MysqlPlainStore.open(shared.mysql, shared.connections);
  const server = new WebSocketServer({ port: options.port, host: '127.0.0.1', perMessageDeflate: false });
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const node = new PlainNode(store, shared === undefined);
  const faults = new FaultInjector<PlainMessage>({
    fault: options.fault ?? 'none',
    at: options.faultAt ?? 25,
    deliver: (message) => node.deliver(message),
    cutAll: () => {
      for (const socket of server.clients) socket.terminate();
    },
  });
  const onMessage = (message: PlainMessage): void => faults.pass(message);
  server.on('connection', (socket) => node.accept(socket));
  node.bus = shared === undefined ? new LocalPlainBus(onMessage) : await RedisPlainBus.open(shared.redisUrl, onMessage);
  await listening;
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await node.bus.close();
      await store.close();
    },
  };
}

class PlainNode {
  bus: PlainBus = new LocalPlainBus(() => {});
  readonly #store: PlainStore;
  readonly #inbox: PlainInbox;
  readonly #origins = new Map<number, WebSocket>();

  constructor(store: PlainStore, keepPending: boolean) {
    this.#store = store;
    this.#inbox = new PlainInbox(keepPending);
  }

  accept(socket: WebSocket): void {
    let userId = 0;
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#inbox.remove(userId, socket));
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (userId === 0) {
        userId = Number(text);
        socket.send(encodeSignedIn(userId));
        this.#inbox.add(userId, socket);
        return;
      }
      this.#handle(userId, socket, text).catch((error: unknown) => {
        console.error(`plain server: ${String(error)}`);
        socket.send(encodeError('internal'));
      });
    });
  }

  deliver(message: PlainMessage): void {
    const origin = this.#origins.get(message.messageId) ?? null;
    for (const userId of message.members) {
      this.#inbox.deliver(userId, message.frame, origin, userId === message.senderId);
    }
  }

  async #handle(userId: number, socket: WebSocket, text: string): Promise<void> {
    const frame = JSON.parse(text) as ClientFrame;
    switch (frame.type) {
      case 'init_personal':
      case 'init_group': {
        const members = frame.member ?? [];
        const conversation =
          frame.type === 'init_group'
            ? await this.#store.createGroup(members)
            : await this.#store.openPersonal(members[0] ?? 0, members[1] ?? 0);
        socket.send(encodeConversationReady(JSON.stringify(frame.conv_id), conversation.id, conversation.kind));
        return;
      }
      case 'personal':
      case 'group':
        return this.#send(userId, socket, Number(frame.conv_id), frame.msg ?? '');
      case 'seen':
        return;
      default:
        socket.send(encodeError('unknown_type'));
    }
  }

  async #send(userId: number, socket: WebSocket, conversationId: number, body: string): Promise<void> {
    const conversation = await this.#store.conversation(conversationId);
    if (conversation === null) {
      socket.send(encodeError('not_a_member'));
      return;
    }
    const sentAtUs = Date.now() * 1000;
    const messageId = await this.#store.insert(conversationId, userId, body, sentAtUs);
    socket.send(encodeMessageAck(messageId));
    this.#origins.set(messageId, socket);
    const oldest = this.#origins.keys().next();
    if (this.#origins.size > MAX_ORIGINS && oldest.done !== true) this.#origins.delete(oldest.value);
    const { kind, members } = conversation;
    const frame = encodeMessage({ kind, conversationId, messageId, body, senderName: `User ${userId}`, sentAtUs });
    this.bus.publish({ messageId, conversationId, senderId: userId, members, frame });
  }
}
