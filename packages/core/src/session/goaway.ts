import { encodeFrame, TIMES } from '@parley/protocol';
import type { Connection } from '../ports/connection.ts';
import type { NodeServices } from '../services.ts';

const PAYLOAD = 'goaway';

/**
 * Tells a client of the current protocol that its node leaves (G10), and how long to wait before it connects again. A ping goes behind the frame: its pong
 * comes behind everything that the client sent before it knew.
 */
export class Goaway {
  #underWay = false;

  /** Said, and not known to be heard: what the client has sent may still be on its way. */
  get underWay(): boolean {
    return this.#underWay;
  }

  say(connection: Connection, { random, telemetry }: Pick<NodeServices, 'random' | 'telemetry'>): void {
    const reconnect_after_ms = Math.floor(random() * TIMES.maxReconnectAfterMs);
    connection.send(encodeFrame({ type: 'goaway', reconnect_after_ms }));
    telemetry.noticeTold('goaway', 1);
    connection.ping(PAYLOAD);
    this.#underWay = true;
  }

  onPong(payload: string): void {
    if (payload === PAYLOAD) this.#underWay = false;
  }
}
