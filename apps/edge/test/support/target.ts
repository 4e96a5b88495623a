import type { SqlStores } from '@parley/store-sql';
import type { EdgeProcess } from './edge-process.ts';
import { type ClientOptions, LegacyClient } from './legacy-client.ts';
import type { StoreView } from './store-view.ts';

export interface TargetOptions {
  /** Settings of every node. */
  readonly env?: Readonly<Record<string, string>>;
  /** Fills the store before the first node starts. */
  readonly prepare?: (stores: SqlStores) => Promise<void>;
}

export interface TargetParts {
  readonly nodes: readonly EdgeProcess[];
  readonly store: StoreView;
  readonly startNode: Target['startNode'];
  readonly nameUser: Target['nameUser'];
  readonly stop: () => Promise<void>;
}

/** The first id that tests hand out; what `prepare` makes lies below. */
const FIRST_USER = 1_001;

/** What the protocol tests run on: real node processes and a look into their store. Users are spread over the nodes by their ids. */
export class Target {
  readonly nodes: readonly EdgeProcess[];
  readonly store: StoreView;
  /** One more node, with a store of its own when embedded, else on the cluster's. Stopped with the target. */
  readonly startNode: (env: Readonly<Record<string, string>>) => Promise<EdgeProcess>;
  /** As `parley user add` does. */
  readonly nameUser: (userId: number, name: string) => Promise<void>;
  readonly #stop: () => Promise<void>;
  readonly #clients: LegacyClient[] = [];
  #nextUser = FIRST_USER;

  constructor(parts: TargetParts) {
    this.nodes = parts.nodes;
    this.store = parts.store;
    this.startNode = parts.startNode;
    this.nameUser = parts.nameUser;
    this.#stop = parts.stop;
  }

  /** Ids nobody has used; neighbours are on different nodes, where there are several. */
  newUsers<Count extends 1 | 2 | 3 | 4>(count: Count): UserIds[Count] {
    const ids = Array.from({ length: count }, () => this.#nextUser++);
    return ids as unknown as UserIds[Count];
  }

  nodeOf(userId: number): EdgeProcess {
    return this.nodes[userId % this.nodes.length] as EdgeProcess;
  }

  /** Signed in, on the user's node unless told another one. */
  async connect(userId: number, options: ClientOptions & { readonly node?: EdgeProcess } = {}): Promise<LegacyClient> {
    const { node = this.nodeOf(userId), ...rest } = options;
    return this.track(await LegacyClient.signIn(node.url, String(userId), rest));
  }

  connectAll(userIds: readonly number[]): Promise<LegacyClient[]> {
    return Promise.all(userIds.map((userId) => this.connect(userId)));
  }

  /** Not signed in. */
  async open(node: EdgeProcess = this.nodes[0] as EdgeProcess): Promise<LegacyClient> {
    return this.track(await LegacyClient.open(node.url));
  }

  track(client: LegacyClient): LegacyClient {
    this.#clients.push(client);
    return client;
  }

  /** For `afterEach`. */
  dropClients(): void {
    for (const client of this.#clients.splice(0)) client.drop();
  }

  async stop(): Promise<void> {
    this.dropClients();
    await this.#stop();
  }
}

interface UserIds {
  readonly 1: readonly [number];
  readonly 2: readonly [number, number];
  readonly 3: readonly [number, number, number];
  readonly 4: readonly [number, number, number, number];
}

export type StartTarget = (options?: TargetOptions) => Promise<Target>;

/** Development sign-in believes every id, and drains end soon since clients are gone by then. */
export const TEST_SETTINGS: Readonly<Record<string, string>> = { LOG_LEVEL: 'info', PARLEY_DRAIN_MS: '2000' };
