import type { Clock, Log } from '@parley/core';
import type { Socket, UwsConnection } from './uws-connection.ts';

/**
 * The connections that something was queued for in this turn of the event loop. At its end each is written once, whatever order its frames
 * were queued in: acks and deliveries of one flush go back and forth between sockets, and uWS would make a syscall of each.
 * Bounded by the number of connections; each connection's queue is bounded by `maxQueuedBytes` and one frame.
 */
export class Outbox {
  readonly maxQueuedBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #listed: UwsConnection[] = [];
  #corking: UwsConnection | null = null;
  readonly #settleAll = (): void => this.#settle();
  readonly #writeCorking = (): void => this.#corking?.writeCorked();

  constructor(clock: Clock, log: Log, maxQueuedBytes: number) {
    this.#clock = clock;
    this.#log = log;
    this.maxQueuedBytes = maxQueuedBytes;
  }

  add(connection: UwsConnection): void {
    if (connection.listed) return;
    connection.listed = true;
    if (this.#listed.push(connection) === 1) this.#clock.defer(this.#settleAll);
  }

  /** Runs the connection's writes as one. */
  corked(socket: Socket, connection: UwsConnection): void {
    // Corks do not nest: what is written inside one never queues or corks.
    this.#corking = connection;
    socket.cork(this.#writeCorking);
    this.#corking = null;
  }

  #settle(): void {
    const connections = this.#listed;
    this.#listed = [];
    for (const connection of connections) {
      try {
        connection.settle();
      } catch (error) {
        this.#log.error({ connection: connection.id, err: error }, 'a connection handler threw');
        connection.abort();
      }
    }
  }
}
