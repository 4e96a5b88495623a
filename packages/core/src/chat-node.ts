import { NodeDrain } from './node-drain.ts';
import { type ChatNodeDependencies, type NodeParts, wireNode } from './node-wiring.ts';
import type { CancelTimer } from './ports/clock.ts';
import type { AcceptConnection } from './ports/connection.ts';
import type { NodeServices } from './services.ts';
import { Session } from './session/session.ts';

export interface ChatNodeStatus {
  readonly connections: number;
  readonly signedIn: number;
  readonly users: number;
  readonly feeds: number;
  readonly topics: number;
  readonly queuedRows: number;
  readonly pendingReceipts: number;
  /** Delivered receipts given up at the bound: the messages are delivered again at the next connect. */
  readonly droppedReceipts: number;
  /** Seen receipts given up at the bound: must stay 0. */
  readonly lostReceipts: number;
  readonly pendingAnnouncements: number;
  readonly openGaps: number;
  /** Pairs of a session and a user whose presence it watches. */
  readonly watches: number;
  readonly busUp: boolean;
  readonly draining: boolean;
}

const SWEEP_MS = 100;

/**
 * The engine of one node: takes connections, and starts, drains and stops the parts that `wireNode` made. Everything it needs comes in through ports.
 */
export class ChatNode {
  readonly #deps: ChatNodeDependencies;
  readonly #parts: NodeParts;
  readonly #services: NodeServices;
  readonly #sessions = new Set<Session>();
  /** In the order of their acceptance. */
  readonly #awaiting = new Set<Session>();
  readonly #drain: NodeDrain;
  #cancelSweep: CancelTimer | null = null;
  #sweeps = 0;

  constructor(deps: ChatNodeDependencies) {
    this.#deps = deps;
    this.#parts = wireNode(deps);
    this.#services = this.#parts.services;
    this.#drain = new NodeDrain(this.#sessions, this.#services);
  }

  /** Connects the bus; resolves when this node hears the others. Rejects with a `StoreError` when the store does not answer. */
  async start(): Promise<void> {
    const { bus, clock, messages } = this.#deps;
    this.#parts.listener.noteMessageId(await messages.lastMessageId());
    await bus.start(this.#parts.listener);
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.#sweep());
    const { settings, hub } = this.#services;
    this.#parts.headCheck.startAudit(settings.auditPeriodMs);
    this.#parts.lastSeen.startVisits(() => hub.users(), settings.lastSeenPeriodMs);
  }

  readonly accept: AcceptConnection = (connection) => {
    this.#services.telemetry.connectionOpened();
    const session = new Session(connection, this.#services, (closed, user) => {
      this.#sessions.delete(closed);
      this.#awaiting.delete(closed);
      if (user !== null) this.#parts.lastSeen.touch(user.id);
    });
    this.#sessions.add(session);
    this.#awaiting.add(session);
    if (this.#drain.begun) session.goAway();
    return session;
  };

  /**
   * G10: answers what is in flight, proves what was delivered, closes the sockets with 1012 in batches, writes the receipts. Never rejects; ends after
   * `drainTimeoutMs` at the latest, per step.
   */
  async drain(): Promise<void> {
    await this.#drain.run();
    await this.#parts.lastSeen.flush();
    // Who comes back within the grace, on another node, was never away.
    if (await this.#hasPeers()) await this.#parts.interest.linger();
  }

  /** Stops the timers and gives up the node's entries. After `drain`, or alone to end at once. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    const { headCheck, lastSeen, tail, repair, interest, restless } = this.#parts;
    const { doubtful, receipts, presence } = this.#services;
    const parts = [headCheck, lastSeen, tail, repair, interest, restless, doubtful, receipts, presence];
    for (const part of parts) part.stop();
    await this.#deps.bus.stop();
  }

  status(): ChatNodeStatus {
    const { hub, groupCommit, receipts, publisher, presence } = this.#services;
    let signedIn = 0;
    for (const session of this.#sessions) if (session.signedIn) signedIn++;
    return {
      connections: this.#sessions.size,
      signedIn,
      users: hub.userCount,
      feeds: hub.feeds.size,
      topics: this.#parts.interest.size,
      queuedRows: groupCommit.queuedRows,
      pendingReceipts: receipts.pending,
      droppedReceipts: receipts.droppedDelivered,
      lostReceipts: receipts.lostSeen,
      pendingAnnouncements: publisher.pending,
      openGaps: this.#parts.repair.pending,
      watches: presence.watches,
      busUp: this.#deps.bus.up,
      draining: this.#drain.begun,
    };
  }

  async #hasPeers(): Promise<boolean> {
    const { bus, log } = this.#deps;
    if (!bus.up) return false;
    try {
      return (await bus.nodes()).some((node) => node !== bus.nodeId);
    } catch (error) {
      log.warn({ err: error }, 'the other nodes could not be listed; leaving at once');
      return false;
    }
  }

  #sweep(): void {
    const { pings, clock, settings } = this.#services;
    pings.sweep();
    this.#sweeps++;
    if (this.#sweeps % 10 === 0) this.#parts.interest.sweep();
    if (this.#sweeps % 2 !== 0) return;
    const oldest = clock.nowMs() - settings.signInDeadlineMs;
    // The first that is young enough ends the walk.
    for (const session of this.#awaiting) {
      if (!session.awaitingSignIn) this.#awaiting.delete(session);
      else if (session.acceptedAtMs <= oldest) session.expireSignIn();
      else break;
    }
  }
}
