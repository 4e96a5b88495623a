import type { NodeServices } from './services.ts';
import type { Session } from './session/session.ts';

const POLL_MS = 5;
/** How long a batch may take to prove what was delivered to it, and then to answer its requests. */
const BATCH_PATIENCE_MS = 1_000;

/** G10: empties a node that is told to stop, so that nobody is refused in the middle of a send and the reconnects are spread. */
export class NodeDrain {
  readonly #sessions: ReadonlySet<Session>;
  readonly #services: NodeServices;
  #run: Promise<void> | null = null;

  constructor(sessions: ReadonlySet<Session>, services: NodeServices) {
    this.#sessions = sessions;
    this.#services = services;
  }

  get begun(): boolean {
    return this.#run !== null;
  }

  run(): Promise<void> {
    this.#run ??= this.#drain();
    return this.#run;
  }

  async #drain(): Promise<void> {
    const { settings, groupCommit, doubtful, publisher, receipts, log } = this.#services;
    const sessions = [...this.#sessions];
    // However many there are, the batches fit into half the time.
    const batches = Math.max(1, Math.floor(settings.drainTimeoutMs / 2 / settings.drainIntervalMs));
    const batchSize = Math.max(settings.drainBatchSize, Math.ceil(sessions.length / batches));
    log.info({ connections: sessions.length, batchSize }, 'draining');
    // Batches overlap: nearly every one has a client that answers no ping, and patience with it must not add up.
    const draining: Promise<void>[] = [];
    for (let at = 0; at < sessions.length; at += batchSize) {
      if (at > 0) await this.#wait(settings.drainIntervalMs);
      draining.push(this.#drainBatch(sessions.slice(at, at + batchSize)));
    }
    await Promise.all(draining);
    const settled = await this.#within('sends', groupCommit.drain());
    // Nobody will announce what this node may have committed: it says goodbye, so no survivor looks for it. The others check when the store answers.
    if (!settled || doubtful.pending) publisher.announceCheckAll();
    await this.#within('publications', publisher.drain());
    await this.#within('receipts', receipts.flush());
    await this.#until(() => this.#sessions.size === 0, BATCH_PATIENCE_MS);
  }

  /** Each connection ends at the first moment at which it waits for nothing, so that no send is cut in two. */
  async #drainBatch(batch: readonly Session[]): Promise<void> {
    const left = new Set(batch);
    const release = (ready: (session: Session) => boolean): boolean => {
      for (const session of left) {
        if (!ready(session)) continue;
        session.goAway();
        left.delete(session);
      }
      return left.size === 0;
    };
    for (const session of left) session.beginDrain();
    await this.#until(() => release((session) => session.answered && session.proven), BATCH_PATIENCE_MS);
    // Who never pauses, or never answers a ping: a last wait for the answers alone.
    for (const session of left) session.stopTaking();
    await this.#until(() => release((session) => session.answered), BATCH_PATIENCE_MS);
    release(() => true);
  }

  async #until(condition: () => boolean, patienceMs: number): Promise<void> {
    const deadline = this.#services.clock.nowMs() + patienceMs;
    while (!condition() && this.#services.clock.nowMs() < deadline) await this.#wait(POLL_MS);
  }

  /** @returns whether it ended in time */
  async #within(what: string, task: Promise<unknown>): Promise<boolean> {
    let done = false;
    const finished = task.then(
      () => {
        done = true;
      },
      (error: unknown) => {
        done = true;
        this.#services.log.error({ err: error }, `draining ${what} failed`);
      },
    );
    let cancel = (): void => undefined;
    const expired = new Promise<void>((resolve) => {
      cancel = this.#services.clock.after(this.#services.settings.drainTimeoutMs, resolve);
    });
    await Promise.race([finished, expired]);
    cancel();
    if (!done) this.#services.log.error({ what }, 'draining took too long; going on without the rest');
    return done;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#services.clock.after(ms, resolve));
  }
}
