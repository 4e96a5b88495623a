import type { OutboxStorage } from './storage.ts';

/** The parts of the `WebSocket` interface that are used. The browser's has them, and that of `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketClass = new (url: string) => WebSocketLike;

export interface GetTokenContext {
  /** Why it is asked for: for a new connection, because the last one was refused or ran out, or to extend a connection. */
  readonly reason: 'connect' | 'expired' | 'refresh';
}

export interface ChatClientOptions {
  /** Of a node or the load balancer, `ws://` or `wss://`. */
  readonly url: string;
  /** Whose client this is. All that a server with development sign-in needs; with a token it is checked against the server's answer. */
  readonly userId?: number;
  /** A token (JWT) that lasts for the life of this client. */
  readonly token?: string;
  /** Called for every connection and before a token runs out, once at a time. Null: signed out, stop. A rejection is tried again; so is no answer within 30 s. */
  readonly getToken?: (context: GetTokenContext) => Promise<string | null> | string | null;
  /** Names this device of the user: 1 to 64 printable ASCII characters. */
  readonly device?: string;
  /** Where the outbox lives. Default: IndexedDB where there is one (its name made of `url` and `userId`), else memory. */
  readonly storage?: OutboxStorage;
  /** Default: the global one. Node has one from version 22 on; before, pass that of the package `ws`. */
  readonly webSocket?: WebSocketClass;
  /** Name and version of the application, for the server's log; at most 100 characters. */
  readonly client?: string;
  /** Messages kept in memory per conversation. Default 500. */
  readonly maxMessages?: number;
  /** Messages that may wait in the outbox; more fail at once with `overloaded`. Default 10,000. */
  readonly maxQueued?: number;
  /** How long requests other than sends wait for a connection and an answer, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Bounds of the random delay before a reconnect, in milliseconds. Default 500 and 30,000. */
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
}
