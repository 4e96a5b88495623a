import { eventually } from './eventually.ts';
import type { FaultCluster } from './fault-cluster.ts';
import { type Conversation, LoadClient } from './load-client.ts';
import { findProblems, missing, readStored, type Stored, unproven } from './load-verdict.ts';

export interface LoadOptions {
  /** Ids nobody else uses: as many as there are users. */
  readonly firstUser: number;
  /** User n starts on node n; even and odd neighbours chat, so pairs are on two nodes; all are in one group. */
  readonly users: number;
  /** Unanswered sends of one client. */
  readonly window?: number;
  /** Each client fills its window this often. */
  readonly tickMs?: number;
  /** Of each body, beyond its name. */
  readonly paddingBytes?: number;
}

/**
 * Several users that chat in pairs and in one group, over all nodes, until told to pause. They come back through the balancer when a connection ends.
 * Closed loop: a cluster that answers nothing gets no more than the windows.
 */
export class Load {
  readonly clients: readonly LoadClient[];
  readonly group: Conversation;
  readonly #cluster: FaultCluster;
  readonly #targets: ReadonlyMap<LoadClient, readonly Conversation[]>;
  readonly #conversationIds: readonly number[];
  readonly #window: number;
  readonly #padding: string;
  readonly #tickMs: number;
  #pump: NodeJS.Timeout | undefined;
  #turn = 0;

  private constructor(
    cluster: FaultCluster,
    options: LoadOptions,
    clients: readonly LoadClient[],
    pairs: readonly Conversation[],
    group: Conversation,
  ) {
    this.#cluster = cluster;
    this.clients = clients;
    this.group = group;
    this.#targets = new Map(clients.map((client, n) => [client, [group, pairs[n >> 1] ?? group]]));
    this.#conversationIds = [group, ...pairs].map(({ id }) => id);
    this.#window = options.window ?? 4;
    this.#tickMs = options.tickMs ?? 100;
    this.#padding = 'x'.repeat(options.paddingBytes ?? 60);
  }

  /** Resolves when all are signed in and their conversations open; nothing is sent yet. */
  static async start(cluster: FaultCluster, options: LoadOptions): Promise<Load> {
    const userIds = Array.from({ length: options.users }, (_, n) => options.firstUser + n);
    const clients = userIds.map((userId, n) => {
      const url = (attempt: number): string => (attempt === 0 ? cluster.node(n).url : cluster.url);
      return new LoadClient({ userId, name: `u${userId}`, url });
    });
    await eventually('all users to sign in', () => clients.every((client) => client.ready));
    const pairs: Conversation[] = [];
    for (let n = 0; n + 1 < clients.length; n += 2) {
      const member = userIds.slice(n, n + 2);
      pairs.push({ id: await (clients[n] as LoadClient).init({ type: 'init_personal', member }), kind: 'personal' });
    }
    const group = { type: 'init_group', member: userIds, group_name: 'all', description: '' };
    const groupId = await (clients[0] as LoadClient).init(group);
    return new Load(cluster, options, clients, pairs, { id: groupId, kind: 'group' });
  }

  get userIds(): number[] {
    return this.clients.map(({ userId }) => userId);
  }

  get ackCount(): number {
    return this.clients.reduce((sum, client) => sum + client.ackCount, 0);
  }

  run(): void {
    this.#pump ??= setInterval(() => this.#fill(), this.#tickMs);
  }

  pause(): void {
    clearInterval(this.#pump);
    this.#pump = undefined;
  }

  /** Waits for that many acks from now on. */
  async untilAcked(more: number): Promise<void> {
    const goal = this.ackCount + more;
    await eventually(`${more} more acks`, () => this.ackCount >= goal, {
      status: () => `${goal - this.ackCount} are missing; ${this.#describe()}`,
    });
  }

  /** Pauses; waits until every send has its answer, or never will, and everything stored has reached everybody. */
  async untilDelivered(): Promise<Stored> {
    this.pause();
    const status = (): string => this.#describe();
    await eventually(
      'every client to be signed in and answered',
      () => this.clients.every((client) => client.ready && client.current.unanswered.length === 0),
      { status },
    );
    await eventually('no node to have a commit under way', async () => {
      const running = this.#cluster.nodes.filter((node) => node.running);
      const states = await Promise.all(running.map((node) => this.#cluster.readyz(node)));
      return states.every(({ status: { queuedRows } }) => queuedRows === 0);
    });
    const stored = await this.stored();
    const behind = (): number => this.clients.reduce((sum, client) => sum + missing(client, stored).length, 0);
    await eventually('everything stored to reach everybody', () => behind() === 0, {
      status: () => `${behind()} deliveries are missing; ${this.#describe()}`,
    });
    return stored;
  }

  stored(): Promise<Stored> {
    return readStored(this.#cluster.database, this.#conversationIds);
  }

  /** As `untilDelivered`, and the statuses say so (G6). @returns everything that is wrong, a bounded number of lines */
  async finish(): Promise<string[]> {
    await this.untilDelivered();
    let left: string[] = [];
    await eventually(
      'all deliveries to be proven',
      async () => {
        left = unproven(await this.stored());
        return left.length === 0;
      },
      { status: () => `${left.length} are not: ${left.slice(0, 20).join('; ')}` },
    );
    const problems = findProblems(this.clients, await this.stored());
    for (const node of this.#cluster.nodes.filter(({ running }) => running)) {
      for (const name of ['parley_audit_found_total', 'parley_receipts_lost_total']) {
        const value = await this.#cluster.metric(node, name);
        if (value !== 0) problems.push(`${name} of ${node.name} is ${value}`);
      }
    }
    return problems.slice(0, 20);
  }

  end(): void {
    this.pause();
    for (const client of this.clients) client.end();
  }

  #fill(): void {
    this.#turn++;
    for (const [client, conversations] of this.#targets) {
      if (!client.ready) continue;
      for (let n = client.current.unanswered.length; n < this.#window; n++) {
        client.send(conversations[(n + this.#turn) % conversations.length] as Conversation, this.#padding);
      }
    }
  }

  #describe(): string {
    const waiting = this.clients.filter((client) => !client.ready || client.current.unanswered.length > 0);
    const texts = waiting.map(({ name, current, connections }) => {
      const state = current.closeCode === null ? (current.signedIn ? 'open' : 'signing in') : current.closeCode;
      return `${name}: connection ${connections.length} ${state}, ${current.unanswered.length} unanswered`;
    });
    return `${this.ackCount} acks in all; ${texts.join('; ')}`;
  }
}
