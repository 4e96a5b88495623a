import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Log, Telemetry } from '../ports/telemetry.ts';
import type { ConversationId, NodeId, TimeUs, Topic } from '../types.ts';
import { packEnvelope } from './envelope.ts';
import { type Publication, topicsOf } from './publication.ts';

type Head = Extract<Publication, { type: 'head' }>;

const RETRY_MS = 250;
const ANNOUNCE_PAGE = 500;
const MAX_IN_FLIGHT = 64;

/**
 * Tells the other nodes what was committed: looks up who has joined the topics of a whole flush in one round trip, packs one envelope per node and
 * publishes once per node. This node's own copy is handed over in-process, at once and without a lookup.
 *
 * Never rejects: what could not be published is announced again, as heads, when the bus is back. Bounded: past `maxPending` heads every
 * node is told to check everything instead; past 64 publishes in flight new ones go straight to the heads.
 */
export class Publisher {
  readonly #bus: Bus;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #log: Log;
  readonly #maxPending: number;
  readonly #deliverLocally: (publications: readonly Publication[], committedAtUs: TimeUs) => void;
  readonly #heads = new Map<ConversationId, Head>();
  /** Memberships whose announcement failed: bounded like the heads, and by the same overflow. */
  #joined: Publication[] = [];
  #checkAll = false;
  #inFlight = 0;
  #cancelRetry: (() => void) | null = null;
  #stopped = false;

  constructor(deps: {
    bus: Bus;
    directory: Directory;
    clock: Clock;
    telemetry: Telemetry;
    log: Log;
    maxPending: number;
    deliverLocally: (publications: readonly Publication[], committedAtUs: TimeUs) => void;
  }) {
    this.#bus = deps.bus;
    this.#directory = deps.directory;
    this.#clock = deps.clock;
    this.#telemetry = deps.telemetry;
    this.#log = deps.log;
    this.#maxPending = deps.maxPending;
    this.#deliverLocally = deps.deliverLocally;
  }

  /** Heads and memberships that wait for the bus to come back. */
  get pending(): number {
    return this.#heads.size + this.#joined.length + (this.#checkAll ? 1 : 0);
  }

  /** Publications in the order of their commits. Local sockets get them within this call. */
  publish(publications: readonly Publication[]): void {
    const committedAtUs = this.#clock.nowUs();
    this.#deliverLocally(publications, committedAtUs);
    this.#send(publications, committedAtUs);
  }

  /** Tries what waits again; called when the bus is back. */
  retry(): void {
    if (!this.#bus.up || this.pending === 0) return;
    if (this.#checkAll) {
      this.#checkAll = false;
      void this.#tellEveryone();
    }
    const waiting: Publication[] = [...this.#heads.values(), ...this.#joined];
    this.#heads.clear();
    this.#joined = [];
    for (let at = 0; at < waiting.length; at += ANNOUNCE_PAGE) {
      this.#send(waiting.slice(at, at + ANNOUNCE_PAGE), this.#clock.nowUs());
    }
  }

  /** For what nobody can list: every node, this one too, compares everything it is interested in with the store. */
  announceCheckAll(): void {
    this.#deliverLocally([{ type: 'check_all' }], this.#clock.nowUs());
    this.#checkAll = true;
    this.#scheduleRetry(0);
  }

  /** Resolves when nothing is in flight; what failed meanwhile has been tried once more. */
  async drain(): Promise<void> {
    this.retry();
    while (this.#inFlight > 0) await new Promise<void>((resolve) => this.#clock.after(5, resolve));
    this.#stopped = true;
    this.#cancelRetry?.();
  }

  #send(publications: readonly Publication[], committedAtUs: TimeUs): void {
    if (!this.#bus.up || this.#inFlight >= MAX_IN_FLIGHT) {
      this.#keep(publications);
      return;
    }
    this.#inFlight++;
    this.#lookupAndPublish(publications, committedAtUs)
      .catch((error: unknown) => {
        this.#log.warn({ err: error, publications: publications.length }, 'publications failed; their heads follow');
        this.#keep(publications);
      })
      .finally(() => {
        this.#inFlight--;
      });
  }

  async #lookupAndPublish(publications: readonly Publication[], committedAtUs: TimeUs): Promise<void> {
    const index = new Map<Topic, number>();
    const topics = publications.map(topicsOf);
    for (const list of topics) for (const topic of list) if (!index.has(topic)) index.set(topic, index.size);
    const nodes = await this.#directory.lookup([...index.keys()]);
    const targets = new Map<NodeId, Publication[]>();
    const own = this.#bus.nodeId;
    for (const [at, publication] of publications.entries()) {
      for (const topic of topics[at] ?? []) {
        for (const node of nodes[index.get(topic) ?? -1] ?? []) {
          if (node === own) continue;
          const list = targets.get(node);
          if (list === undefined) targets.set(node, [publication]);
          // Both members of a personal conversation may be on one node: one copy.
          else if (list.at(-1) !== publication) list.push(publication);
        }
      }
    }
    if (targets.size === 0) return;
    const envelopes = new Map<NodeId, Uint8Array>();
    let packed = 0;
    for (const [node, list] of targets) {
      envelopes.set(node, packEnvelope(list, committedAtUs));
      packed += list.length;
    }
    await this.#bus.publish(envelopes);
    this.#telemetry.published(envelopes.size, packed);
  }

  async #tellEveryone(): Promise<void> {
    this.#inFlight++;
    try {
      const envelope = packEnvelope([{ type: 'check_all' }], this.#clock.nowUs());
      const others = (await this.#bus.nodes()).filter((node) => node !== this.#bus.nodeId);
      if (others.length > 0) await this.#bus.publish(new Map(others.map((node) => [node, envelope])));
    } catch (error) {
      this.#log.warn({ err: error }, 'the other nodes could not be told to check everything; trying again');
      this.#checkAll = true;
      this.#scheduleRetry(RETRY_MS);
    } finally {
      this.#inFlight--;
    }
  }

  #keep(publications: readonly Publication[]): void {
    let waiting = 0;
    for (const publication of publications) {
      // Hints of the moment, which nobody waits for.
      if (publication.type === 'status' || publication.type === 'typing') {
        this.#telemetry.hintDropped(publication.type);
        continue;
      }
      waiting++;
      if (publication.type === 'check_all') this.#checkAll = true;
      else if (this.pending >= this.#maxPending) this.#checkAll = true;
      else if (publication.type === 'joined') this.#joined.push(publication);
      else {
        const { kind, conversationId, members } = publication;
        const seq = Math.max(publication.seq, this.#heads.get(conversationId)?.seq ?? 0);
        this.#heads.set(conversationId, { type: 'head', kind, conversationId, seq, members });
      }
    }
    if (waiting === 0) return;
    this.#telemetry.publishFailed(waiting);
    this.#scheduleRetry(RETRY_MS);
  }

  #scheduleRetry(delayMs: number): void {
    if (this.#cancelRetry !== null || this.#stopped) return;
    this.#cancelRetry = this.#clock.after(delayMs, () => {
      this.#cancelRetry = null;
      if (this.pending === 0) return;
      if (this.#bus.up) this.retry();
      else this.#scheduleRetry(RETRY_MS);
    });
  }
}
