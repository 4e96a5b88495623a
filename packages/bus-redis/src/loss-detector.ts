import type { CancelTimer, Clock, NodeId } from '@parley/core';

/** A publisher that is not heard of (every live one is, each second) for this long is forgotten. */
const FORGET_MS = 60_000;
/** Bounds of what is held back behind a gap, per publisher; beyond one the gap is given up at once. */
const MAX_HELD = 1_024;
const MAX_HELD_BYTES = 8 << 20;

interface Publisher {
  stream: number;
  /** Counter of the next envelope in order. */
  next: number;
  /** Highest counter known to have been sent. */
  highest: number;
  heardMs: number;
  readonly held: Map<number, Uint8Array>;
  heldBytes: number;
  timer: CancelTimer | null;
}

export interface LossDetectorEvents {
  deliver(payload: Uint8Array): void;
  lost(publisher: NodeId, count: number): void;
}

/**
 * The receiving end of all streams to one incarnation: brings each publisher's envelopes in order and at most once, and says when some are
 * missing. Every stream to a new incarnation starts at 1, so nothing is lost before the first either.
 *
 * A gap is seen by a later envelope or by a heartbeat. It may still be filled (a publisher that has just reconnected, paths of different
 * length in a Redis Cluster): what is behind it is held for `graceMs`. Then the missing ones are announced as lost, what was held
 * follows in order, and a missing one that comes after all is dropped.
 */
export class LossDetector {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #events: LossDetectorEvents;
  readonly #maxPublishers: number;
  readonly #publishers = new Map<NodeId, Publisher>();

  constructor(clock: Clock, graceMs: number, events: LossDetectorEvents, maxPublishers = 4_096) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#events = events;
    this.#maxPublishers = maxPublishers;
  }

  /** An envelope arrived. */
  receive(id: NodeId, stream: number, counter: number, payload: Uint8Array): void {
    const publisher = this.#of(id, stream);
    if (publisher === null || counter < publisher.next || publisher.held.has(counter)) return;
    publisher.highest = Math.max(publisher.highest, counter);
    if (counter !== publisher.next) {
      publisher.held.set(counter, payload);
      publisher.heldBytes += payload.length;
      if (publisher.held.size > MAX_HELD || publisher.heldBytes > MAX_HELD_BYTES) this.#giveUp(id, publisher);
      else this.#watch(id, publisher);
      return;
    }
    publisher.next += 1;
    this.#events.deliver(payload);
    if (publisher.held.size > 0) this.#deliverHeld(publisher);
  }

  /** A heartbeat named the last envelope that was sent here. */
  expect(id: NodeId, stream: number, counter: number): void {
    const publisher = this.#of(id, stream);
    if (publisher === null) return;
    publisher.heardMs = this.#clock.nowMs();
    publisher.highest = Math.max(publisher.highest, counter);
    if (publisher.highest >= publisher.next) this.#watch(id, publisher);
  }

  /** A heartbeat came that had nothing for this node: its publisher lives. */
  heard(id: NodeId): void {
    const publisher = this.#publishers.get(id);
    if (publisher !== undefined) publisher.heardMs = this.#clock.nowMs();
  }

  /** Forgets publishers that are gone. To be called every few seconds. */
  expire(): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, publisher] of this.#publishers) {
      if (nowMs - publisher.heardMs > FORGET_MS) this.#forget(id, publisher);
    }
  }

  close(): void {
    for (const publisher of this.#publishers.values()) publisher.timer?.();
    this.#publishers.clear();
  }

  get size(): number {
    return this.#publishers.size;
  }

  #of(id: NodeId, stream: number): Publisher | null {
    const known = this.#publishers.get(id);
    if (known !== undefined && known.stream === stream) return known;
    if (known !== undefined) {
      // A stream is replaced only long after its last envelope, or when its publisher has too many.
      if (stream < known.stream) return null;
      if (known.highest >= known.next) this.#giveUp(id, known);
      known.stream = stream;
      known.next = 1;
      known.highest = 0;
      return known;
    }
    if (this.#publishers.size >= this.#maxPublishers) this.#forgetOldest();
    const heardMs = this.#clock.nowMs();
    const publisher: Publisher = { stream, next: 1, highest: 0, heardMs, held: new Map(), heldBytes: 0, timer: null };
    this.#publishers.set(id, publisher);
    return publisher;
  }

  #deliverHeld(publisher: Publisher): void {
    for (;;) {
      const payload = publisher.held.get(publisher.next);
      if (payload === undefined) return;
      publisher.held.delete(publisher.next);
      publisher.heldBytes -= payload.length;
      publisher.next += 1;
      this.#events.deliver(payload);
    }
  }

  /** Gives the gap at `next` its time to be filled. */
  #watch(id: NodeId, publisher: Publisher): void {
    if (publisher.timer !== null) return;
    const { stream, next } = publisher;
    publisher.timer = this.#clock.after(this.#graceMs, () => {
      publisher.timer = null;
      if (publisher.highest < publisher.next) return;
      // Another gap than the one that set this timer gets its own time.
      if (publisher.stream !== stream || publisher.next !== next) this.#watch(id, publisher);
      else this.#giveUp(id, publisher);
    });
  }

  #giveUp(id: NodeId, publisher: Publisher): void {
    publisher.timer?.();
    publisher.timer = null;
    const missing = publisher.highest - publisher.next + 1 - publisher.held.size;
    const held = [...publisher.held.entries()].sort(([a], [b]) => a - b);
    publisher.held.clear();
    publisher.heldBytes = 0;
    publisher.next = publisher.highest + 1;
    if (missing > 0) this.#events.lost(id, missing);
    for (const [, payload] of held) this.#events.deliver(payload);
  }

  #forget(id: NodeId, publisher: Publisher): void {
    if (publisher.highest >= publisher.next) this.#giveUp(id, publisher);
    publisher.timer?.();
    this.#publishers.delete(id);
  }

  #forgetOldest(): void {
    let oldest: [NodeId, Publisher] | null = null;
    for (const entry of this.#publishers) {
      if (oldest === null || entry[1].heardMs < oldest[1].heardMs) oldest = entry;
    }
    if (oldest !== null) this.#forget(...oldest);
  }
}
