/**
 * One accepted WebSocket, as the engine sees it. Implemented by the transport, used by the session only.
 * No method throws, before or after the socket has closed; after it they do nothing.
 */
export interface Connection {
  /** For log lines; unique in this process. */
  readonly id: number;
  /**
   * Queues one text frame. What is queued within one tick leaves in one write. A string is sent as UTF-8. Bytes must stay as they are: they are
   * read when they leave.
   */
  send(frame: string | Uint8Array): void;
  /** Queues a WebSocket ping; its payload (at most 125 bytes) comes back in a pong behind all frames queued before. */
  ping(payload: string): void;
  /** Bytes accepted by `send` that the kernel has not taken yet. */
  bufferedBytes(): number;
  /** Sends a close frame and closes. `reason` at most 123 bytes. */
  close(code: number, reason: string): void;
}

/** What the engine wants to hear about a connection. The transport calls nothing after `onClose`. */
export interface ConnectionHandler {
  onText(text: string): void;
  onBinary(): void;
  onPong(payload: string): void;
  /** The kernel has taken everything that was buffered. */
  onDrain(): void;
  /** The socket is gone, whoever closed it. `slow`: its buffer passed the bound. Called exactly once. */
  onClose(event: { readonly code: number; readonly slow: boolean }): void;
}

/** The engine's door: called once per upgraded socket. */
export type AcceptConnection = (connection: Connection) => ConnectionHandler;
