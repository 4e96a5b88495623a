import type { NodeId } from '@parley/core';
import type { Position } from './wire.ts';

/** A position is repeated for this long after the last envelope, so that a lost last envelope is noticed even when heartbeats get lost too. */
const REPEAT_MS = 10_000;
/** A target that got nothing for this long is forgotten; envelopes to it begin a new stream. */
const FORGET_MS = 60_000;
const MAX_COUNTER = 0xffff_ffff;

interface Stream extends Position {
  counter: number;
  usedMs: number;
}

/**
 * Numbers the envelopes of one incarnation, per target. Bound: at `maxTargets` the target that has been idle longest is forgotten, whose
 * last envelopes are then no longer repeated by heartbeats.
 */
export class StreamCounters {
  readonly #streams = new Map<NodeId, Stream>();
  readonly #maxTargets: number;
  #opened = 0;

  constructor(maxTargets = 4_096) {
    this.#maxTargets = maxTargets;
  }

  /** The number of the next envelope to `target`. */
  next(target: NodeId, nowMs: number): Position {
    let stream = this.#streams.get(target);
    if (stream === undefined || stream.counter >= MAX_COUNTER) {
      if (stream === undefined && this.#streams.size >= this.#maxTargets) this.#forgetIdlest();
      this.#opened += 1;
      stream = { stream: this.#opened, counter: 0, usedMs: nowMs };
      this.#streams.set(target, stream);
    }
    stream.counter += 1;
    stream.usedMs = nowMs;
    return stream;
  }

  /** What the next heartbeat repeats. Forgets what is long idle. */
  recent(nowMs: number): (readonly [NodeId, Position])[] {
    const recent: (readonly [NodeId, Position])[] = [];
    for (const [target, stream] of this.#streams) {
      const idleMs = nowMs - stream.usedMs;
      if (idleMs > FORGET_MS) this.#streams.delete(target);
      else if (idleMs <= REPEAT_MS) recent.push([target, stream]);
    }
    return recent;
  }

  get size(): number {
    return this.#streams.size;
  }

  #forgetIdlest(): void {
    let idlest: NodeId | null = null;
    let usedMs = Number.POSITIVE_INFINITY;
    for (const [target, stream] of this.#streams) {
      if (stream.usedMs >= usedMs) continue;
      idlest = target;
      usedMs = stream.usedMs;
    }
    if (idlest !== null) this.#streams.delete(idlest);
  }
}
