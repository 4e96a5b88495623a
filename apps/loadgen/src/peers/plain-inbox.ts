import type { WebSocket } from 'ws';

const MAX_PENDING_PER_USER = 100_000;

/**
 * The users' sockets on this plain server, and (when `keepPending`) what no pong has proved to have reached a user yet.
 * With a database behind it the plain server keeps no such marks: it is there for speed, and an UPDATE per message would be a
 * second statement. Past the bound the oldest pending message of the user is forgotten.
 */
export class PlainInbox {
  readonly #sockets = new Map<number, Set<WebSocket>>();
  readonly #pending = new Map<number, Map<number, string>>();
  readonly #unproven = new Map<WebSocket, number[]>();
  #deliveries = 0;
  readonly #keepPending: boolean;

  constructor(keepPending: boolean) {
    this.#keepPending = keepPending;
  }

  add(userId: number, socket: WebSocket): void {
    const sockets = this.#sockets.get(userId) ?? new Set();
    sockets.add(socket);
    this.#sockets.set(userId, sockets);
    if (!this.#keepPending) return;
    const sent: number[] = [];
    this.#unproven.set(socket, sent);
    const pending = this.#pending.get(userId) ?? new Map<number, string>();
    for (const [delivery, frame] of pending) {
      sent.push(delivery);
      socket.send(frame);
    }
    let asked = 0;
    const ask = (): void => {
      // One at a time: the pong of an earlier ping proves nothing of what was sent after that.
      if (asked > 0) return;
      asked = sent.length;
      if (asked > 0) socket.ping();
    };
    const timer = setInterval(ask, 250);
    socket.on('pong', () => {
      for (const delivery of sent.splice(0, asked)) this.#pending.get(userId)?.delete(delivery);
      asked = 0;
    });
    socket.on('close', () => clearInterval(timer));
  }

  remove(userId: number, socket: WebSocket): void {
    const sockets = this.#sockets.get(userId);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#sockets.delete(userId);
    this.#unproven.delete(socket);
  }

  /** `origin`: the connection that sent the message and gets none. */
  deliver(userId: number, frame: string, origin: WebSocket | null, own: boolean): void {
    this.#deliveries++;
    if (this.#keepPending && !own) this.#keep(userId, this.#deliveries, frame);
    for (const socket of this.#sockets.get(userId) ?? []) {
      if (socket === origin) continue;
      if (!own) this.#unproven.get(socket)?.push(this.#deliveries);
      socket.send(frame);
    }
  }

  #keep(userId: number, delivery: number, frame: string): void {
    const pending = this.#pending.get(userId) ?? new Map<number, string>();
    this.#pending.set(userId, pending);
    pending.set(delivery, frame);
    if (pending.size > MAX_PENDING_PER_USER) {
      const oldest = pending.keys().next();
      if (oldest.done !== true) pending.delete(oldest.value);
    }
  }
}
