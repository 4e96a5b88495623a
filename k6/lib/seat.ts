import { setTimeout } from 'k6/timers';
import { type MessageEvent, WebSocket } from 'k6/websockets';

/** L4, L6. */
export interface ArrivedMessage {
  readonly conversation: number;
  readonly messageId: number;
  readonly body: string;
  readonly atMs: number;
}

/** A send whose answer has not come. */
export interface PendingSend {
  readonly channel: number;
  readonly number: number;
  readonly intendedMs: number;
}

export interface SeatEvents {
  onSignedIn(seat: Seat): void;
  onMessage(seat: Seat, message: ArrivedMessage): void;
  onAcknowledged(seat: Seat, send: PendingSend, messageId: number, atMs: number): void;
  /** An error frame in the place of an acknowledgement. */
  onRefused(seat: Seat, send: PendingSend, error: ErrorFrame): void;
  /** The connection went before the answer. */
  onUnknown(seat: Seat, send: PendingSend): void;
  /** An error frame or an answer that belongs to nothing. */
  onUnexpected(seat: Seat, text: string): void;
  onDisconnected(seat: Seat): void;
}

export interface ErrorFrame {
  readonly name: string;
  readonly temporary: boolean;
}

interface ServerFrame {
  readonly type?: string;
  readonly conv_id?: number;
  readonly message_id?: number;
  readonly msg?: string;
  readonly local_conv_id?: number;
  readonly db_conv_id?: number;
  readonly name?: string;
  readonly temporary?: boolean;
}

/** `closing`: still listening, since what arrives before the end has arrived. */
type Phase = 'offline' | 'connecting' | 'signing in' | 'ready' | 'closing' | 'closed';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * One device of one user on the legacy protocol. It comes back when its connection breaks, at the next address of its list,
 * until it is closed. Acknowledgements carry no reference: they come in the order of the sends of the connection.
 */
export class Seat {
  readonly index: number;
  readonly userId: number;
  /** Number of the present connection: 1, 2, 3 … */
  epoch = 0;
  /** When the present connection was signed in; milliseconds since the epoch. */
  readyAtMs = 0;
  readonly #urls: readonly string[];
  readonly #firstFrame: string;
  readonly #events: SeatEvents;
  #socket: WebSocket | null = null;
  #phase: Phase = 'offline';
  #unanswered: PendingSend[] = [];
  #inits = new Map<number, { readonly frame: string; readonly resolve: (conversation: number) => void }>();
  #attempts: number;
  #failures = 0;
  #whenReady: (() => void)[] = [];

  constructor(options: {
    readonly index: number;
    readonly userId: number;
    /** Addresses in the order in which they are tried. */
    readonly urls: readonly string[];
    readonly firstFrame: string;
    readonly events: SeatEvents;
  }) {
    this.index = options.index;
    this.userId = options.userId;
    this.#urls = options.urls;
    this.#firstFrame = options.firstFrame;
    this.#events = options.events;
    this.#attempts = 0;
  }

  get ready(): boolean {
    return this.#phase === 'ready';
  }

  get inFlight(): number {
    return this.#unanswered.length;
  }

  /** Connects (unless connected) and resolves when signed in. Keeps trying until `close`. */
  connect(): Promise<void> {
    if (this.#phase === 'ready') return Promise.resolve();
    const ready = new Promise<void>((resolve) => this.#whenReady.push(resolve));
    if (this.#phase === 'closing') this.#phase = 'offline';
    else if (this.#socket === null) this.#open();
    return ready;
  }

  /** L2 and L5: opens a conversation; resolves to its id. Asked again after a reconnect. */
  init(localId: number, frame: object): Promise<number> {
    const text = JSON.stringify({ ...frame, conv_id: localId });
    return new Promise((resolve) => {
      this.#inits.set(localId, { frame: text, resolve });
      if (this.#phase === 'ready') this.#socket?.send(text);
    });
  }

  /** L3 and L6; only when `ready`. */
  send(kind: 'personal' | 'group', conversation: number, body: string, pending: PendingSend): void {
    this.#unanswered.push(pending);
    this.#socket?.send(`{"msg":${JSON.stringify(body)},"conv_id":${conversation},"type":"${kind}"}`);
  }

  /** L7. */
  seen(messageIds: readonly number[]): void {
    this.#socket?.send(JSON.stringify({ message_id: messageIds, type: 'seen' }));
  }

  /** Ends the connection for good, or until `connect`. What is unanswered becomes unknown. */
  close(): void {
    this.#phase = this.#socket === null ? 'closed' : 'closing';
    this.#socket?.close(1000);
  }

  #open(): void {
    this.#phase = 'connecting';
    const url = this.#urls[this.#attempts % this.#urls.length] ?? '';
    this.#attempts++;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.epoch++;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#phase = 'signing in';
      socket.send(this.#firstFrame);
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket && event !== undefined) this.#onMessage(event);
    };
    socket.onclose = () => this.#onGone(socket);
    socket.onerror = () => this.#onGone(socket);
  }

  #onGone(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    const phase = this.#phase;
    this.#phase = phase === 'closing' ? 'closed' : 'offline';
    this.#drop();
    if (phase === 'closing') return;
    if (phase === 'ready') this.#events.onDisconnected(this);
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MAX_RETRY_MS) * (0.5 + Math.random() / 2);
    this.#failures++;
    setTimeout(() => {
      if (this.#phase === 'offline') this.#open();
    }, delay);
  }

  #drop(): void {
    this.#socket = null;
    const unanswered = this.#unanswered;
    this.#unanswered = [];
    for (const pending of unanswered) this.#events.onUnknown(this, pending);
  }

  #onMessage(event: MessageEvent): void {
    const text = event.data as string;
    if (this.#phase === 'signing in') {
      if (text === `user id ${this.userId} received`) this.#onReady(event.timestamp);
      else this.#events.onUnexpected(this, text);
      return;
    }
    const frame = parse(text);
    if (frame?.type === 'error') {
      const pending = this.#unanswered.shift();
      const error = { name: frame.name ?? '', temporary: frame.temporary === true };
      if (pending === undefined) this.#events.onUnexpected(this, text);
      else this.#events.onRefused(this, pending, error);
    } else if (frame?.msg !== undefined) {
      const { conv_id: conversation = 0, message_id: messageId = 0, msg: body } = frame;
      this.#events.onMessage(this, { conversation, messageId, body, atMs: event.timestamp });
    } else if (frame?.db_conv_id !== undefined) {
      this.#inits.get(frame.local_conv_id ?? -1)?.resolve(frame.db_conv_id);
      this.#inits.delete(frame.local_conv_id ?? -1);
    } else if (frame?.message_id !== undefined) {
      const pending = this.#unanswered.shift();
      if (pending === undefined) this.#events.onUnexpected(this, text);
      else this.#events.onAcknowledged(this, pending, frame.message_id, event.timestamp);
    } else {
      this.#events.onUnexpected(this, text);
    }
  }

  #onReady(atMs: number): void {
    this.#phase = 'ready';
    this.readyAtMs = atMs;
    this.#failures = 0;
    this.#events.onSignedIn(this);
    for (const { frame } of this.#inits.values()) this.#socket?.send(frame);
    const waiting = this.#whenReady;
    this.#whenReady = [];
    for (const resolve of waiting) resolve();
  }
}

function parse(text: string): ServerFrame | null {
  try {
    return JSON.parse(text) as ServerFrame;
  } catch {
    return null;
  }
}
