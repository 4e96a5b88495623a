import { encodeFrame, formatTimestamp, TIMES } from '@parley/protocol';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { Connection } from '../ports/connection.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { NodeServices } from '../services.ts';
import type { TimeUs } from '../types.ts';

/** A timer of the platform takes no longer delay than about 24 days. */
const MAX_TIMER_MS = 86_400_000;

/** Watches over the proof that a session was signed in with: asks for a new one in time (`refresh_needed`), ends the session when none came. */
export class SessionExpiry {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #onExpired: () => void;
  #cancel: CancelTimer | null = null;

  constructor(connection: Connection, services: Pick<NodeServices, 'clock' | 'telemetry'>, onExpired: () => void) {
    this.#connection = connection;
    this.#clock = services.clock;
    this.#telemetry = services.telemetry;
    this.#onExpired = onExpired;
  }

  /** The proof holds until then; takes the place of an earlier one. A new one is asked for ahead of it, at half of what is left when that is shorter. */
  set(expiresAtUs: TimeUs): void {
    const leftMs = Math.max(0, (expiresAtUs - this.#clock.nowUs()) / 1_000);
    const soonAtUs = expiresAtUs - Math.min(TIMES.refreshAheadMs, leftMs / 2) * 1_000;
    this.#at(soonAtUs, () => {
      this.#connection.send(encodeFrame({ type: 'refresh_needed', expires_at: formatTimestamp(expiresAtUs) }));
      this.#telemetry.noticeTold('refresh_needed', 1);
      this.#at(expiresAtUs, this.#onExpired);
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #at(timeUs: TimeUs, fn: () => void): void {
    this.stop();
    const delayMs = Math.max(0, Math.ceil((timeUs - this.#clock.nowUs()) / 1_000));
    this.#cancel = this.#clock.after(Math.min(delayMs, MAX_TIMER_MS), () => {
      this.#cancel = null;
      if (delayMs > MAX_TIMER_MS) this.#at(timeUs, fn);
      else fn();
    });
  }
}
