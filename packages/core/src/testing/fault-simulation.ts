import { TestCluster, type TestNode } from './test-cluster.ts';

/** Nodes that die, a network and a database that fail, all by one seed; then peace, and a check of what holds whoever the clients are. */
export abstract class FaultSimulation {
  readonly cluster: TestCluster;
  readonly problems: string[] = [];

  constructor(seed: number) {
    this.cluster = new TestCluster(seed, {
      maxDelayMs: 8,
      // Small bounds, so that the behaviour at them is part of every run.
      settings: {
        maxTailFrames: 4,
        maxHeldPerFeed: 3,
        backlogPageRows: 5,
        maxPendingAnnouncements: 6,
        leaveGraceMs: 50,
        auditPeriodMs: 3_600_000,
      },
    });
  }

  /** One step of a client or of the faults, and some time. */
  abstract act(): Promise<void>;

  /** Nodes that take clients. */
  get liveNodes(): TestNode[] {
    return this.cluster.nodes.filter((node) => node.alive && !node.draining);
  }

  /** A lost publication below 0; at 0 to 3 a node's death, a start, a hang, the backend's end or return. One that is not possible now makes room for the next. */
  protected async fault(dice: number): Promise<void> {
    const { random, network } = this.cluster;
    if (dice < 0) network.loseNextTo(random.pick(this.liveNodes).network, 1 + random.below(3));
    else if (dice < 1 && this.liveNodes.length > 1) this.cluster.kill(random.pick(this.liveNodes));
    else if (dice < 2 && this.liveNodes.length < 4 && network.backendUp) await this.cluster.startNode();
    else if (dice < 3) random.pick(this.liveNodes).network.hang();
    else if (dice < 4) {
      if (network.backendUp) network.backendDown();
      else network.backendComesUp({ empty: random.chance(0.5) });
    }
  }

  /** Peace: no more faults. */
  async heal(): Promise<void> {
    this.cluster.database.failureRate = 0;
    if (!this.cluster.network.backendUp) this.cluster.network.backendComesUp({ empty: false });
    for (const { network } of this.liveNodes) network.heal();
  }

  /** @returns what broke a promise */
  check(): string[] {
    const problems = [...this.problems];
    for (const conversation of this.cluster.database.state.conversations.values()) {
      conversation.messages.forEach((message, at) => {
        if (message.seq !== at + 1) problems.push(`G2: conv ${conversation.id} seq ${message.seq} at ${at}`);
      });
    }
    for (const { telemetry, alive } of this.cluster.nodes) {
      if (alive && telemetry.audited > 0) problems.push('the audit found something');
    }
    return problems;
  }

  /** The whole run, on three nodes at first. @returns what broke a promise; nothing, it is hoped */
  async run(steps: number): Promise<readonly string[]> {
    for (let n = 0; n < 3; n++) await this.cluster.startNode();
    this.cluster.database.failureRate = this.cluster.random.chance(0.5) ? 0.02 : 0;
    for (let step = 0; step < steps; step++) await this.act();
    await this.heal();
    const problems = this.check();
    await this.cluster.stop();
    return problems;
  }
}
