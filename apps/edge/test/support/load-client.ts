import { WebSocket } from 'ws';

export type Kind = 'personal' | 'group';

export interface Conversation {
  readonly id: number;
  readonly kind: Kind;
}

export interface Sent {
  readonly conversationId: number;
  readonly body: string;
}

export interface Frame {
  readonly conversationId: number;
  readonly messageId: number;
  readonly body: string;
}

/** What passed on one connection, in its order. */
export interface LoadConnection {
  readonly url: string;
  readonly acked: (Sent & { readonly messageId: number })[];
  readonly refused: (Sent & { readonly error: string })[];
  /** Sent and not answered. After the end of the connection nobody knows what became of them. */
  readonly unanswered: Sent[];
  readonly frames: Frame[];
  signedIn: boolean;
  /** Null while it is open. */
  closeCode: number | null;
}

export interface LoadClientOptions {
  readonly userId: number;
  /** Unique among all clients: each body begins with it, and a user may have several. */
  readonly name: string;
  /** Where the n-th attempt to connect goes to; null ends the client. */
  readonly url: (attempt: number) => string | null;
}

const MIN_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;
/** Their close is announced by an error frame that answers no request. */
const ANNOUNCED_CLOSES = [4004, 4005];
/** A node that hangs takes connections and says nothing. */
const SIGN_IN_PATIENCE_MS = 10_000;

/**
 * A legacy client under load: connects again with backoff whenever its connection ends, writes down everything, sends nothing twice. It has no
 * client ids, so it never learns what became of a send that was not answered.
 */
export class LoadClient {
  readonly userId: number;
  readonly name: string;
  readonly connections: LoadConnection[] = [];
  /** Of all connections. */
  readonly received = new Set<number>();
  readonly #options: LoadClientOptions;
  #socket: WebSocket | null = null;
  #attempts = 0;
  #failures = 0;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  /** The answer to an `init_…` goes here; only while nothing else is under way. */
  #onInit: ((conversationId: number) => void) | null = null;

  constructor(options: LoadClientOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.name = options.name;
    this.#connect();
  }

  get current(): LoadConnection {
    return this.connections.at(-1) as LoadConnection;
  }

  get ready(): boolean {
    return this.current.signedIn && this.current.closeCode === null;
  }

  get ackCount(): number {
    return this.connections.reduce((sum, { acked }) => sum + acked.length, 0);
  }

  init(frame: object): Promise<number> {
    return new Promise((resolve) => {
      this.#onInit = resolve;
      this.#socket?.send(JSON.stringify({ conv_id: 1, ...frame }));
    });
  }

  /** Only while `ready`. */
  send({ id, kind }: Conversation, padding = ''): void {
    const body = `${this.name} ${++this.#sent} ${padding}`;
    this.current.unanswered.push({ conversationId: id, body });
    this.#socket?.send(JSON.stringify({ msg: body, conv_id: id, type: kind }));
  }

  /** Leaves what comes in the kernel's buffers. */
  stopReading(): void {
    this.#socket?.pause();
  }

  readOn(): void {
    this.#socket?.resume();
  }

  /** Without a goodbye. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  #connect(): void {
    const url = this.#options.url(this.#attempts++);
    if (url === null || this.#ended) return;
    const connection: LoadConnection = {
      ...{ url, acked: [], refused: [], unanswered: [], frames: [] },
      ...{ signedIn: false, closeCode: null },
    };
    this.connections.push(connection);
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: SIGN_IN_PATIENCE_MS });
    this.#socket = socket;
    const patience = setTimeout(() => socket.terminate(), SIGN_IN_PATIENCE_MS);
    socket.on('open', () => socket.send(String(this.userId)));
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text === `user id ${this.userId} received`) {
        clearTimeout(patience);
        this.#failures = 0;
        connection.signedIn = true;
      } else {
        this.#take(connection, JSON.parse(text) as Record<string, unknown>);
      }
    });
    // A close follows.
    socket.on('error', () => {});
    socket.on('close', (code) => {
      clearTimeout(patience);
      connection.closeCode = code;
      const last = ANNOUNCED_CLOSES.includes(code) ? connection.refused.pop() : undefined;
      if (last !== undefined) connection.unanswered.unshift(last);
      const backoffMs = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** this.#failures++);
      if (!this.#ended) this.#timer = setTimeout(() => this.#connect(), backoffMs * (0.5 + Math.random() / 2));
    });
  }

  #take(connection: LoadConnection, frame: Record<string, unknown>): void {
    if (typeof frame.msg === 'string') {
      const messageId = frame.message_id as number;
      connection.frames.push({ conversationId: frame.conv_id as number, messageId, body: frame.msg });
      this.received.add(messageId);
    } else if ('db_conv_id' in frame) {
      this.#onInit?.(frame.db_conv_id as number);
    } else {
      // Answers come in the order of the requests. An error before the sign-in answers none.
      const sent = connection.unanswered.shift();
      if ('message_id' in frame && sent !== undefined) {
        connection.acked.push({ ...sent, messageId: frame.message_id as number });
      } else if (sent !== undefined) {
        connection.refused.push({ ...sent, error: String(frame.name) });
      } else if (connection.signedIn) {
        throw new Error(`${this.name} got an answer to nothing: ${JSON.stringify(frame)}`);
      }
    }
  }
}
