import { ModelDevice } from './model-device.ts';
import { TestCluster, type TestNode } from './test-cluster.ts';
import { visibleSeqs } from './visible-seqs.ts';

export const USERS = [1, 2, 3, 4, 5];

/** As `Simulation`, for devices of the current protocol: they resume, repeat, acknowledge and change groups, while nodes die and networks fail. */
export class DeviceSimulation {
  readonly cluster: TestCluster;
  readonly devices: ModelDevice[] = [];
  readonly problems: string[] = [];
  readonly #nodeOf = new Map<ModelDevice, TestNode>();

  constructor(seed: number) {
    this.cluster = new TestCluster(seed, {
      maxDelayMs: 8,
      settings: {
        maxTailFrames: 4,
        maxHeldPerFeed: 3,
        backlogPageRows: 5,
        maxPendingAnnouncements: 6,
        leaveGraceMs: 50,
        auditPeriodMs: 3_600_000,
      },
    });
    for (const userId of USERS) {
      for (const name of ['a', 'b']) {
        this.devices.push(new ModelDevice(`${name}${userId}`, userId, this.cluster.database.state, this.problems));
      }
    }
  }

  get liveNodes(): TestNode[] {
    return this.cluster.nodes.filter((node) => node.alive && !node.draining);
  }

  connected(device: ModelDevice): boolean {
    const node = this.#nodeOf.get(device);
    return device.connection !== null && device.connection.closed === null && node?.alive === true;
  }

  async act(): Promise<void> {
    const { random, network } = this.cluster;
    const device = random.pick(this.devices);
    const dice = random.below(100);
    if (!this.connected(device) || dice < 6) this.connect(device);
    else if (dice < 45) this.#talk(device);
    else if (dice < 60) this.#acknowledge(device);
    else if (dice < 72) this.#changeGroup(device);
    else if (dice < 76) this.#open(device);
    else if (dice < 80) this.#stall(device);
    else if (dice < 84) device.connection?.hangUp();
    else if (dice < 88) network.loseNextTo(random.pick(this.liveNodes).network, 1 + random.below(3));
    else if (dice < 89 && this.liveNodes.length > 1) this.cluster.kill(random.pick(this.liveNodes));
    else if (dice < 90 && this.liveNodes.length < 4 && network.backendUp) await this.cluster.startNode();
    else if (dice < 91) random.pick(this.liveNodes).network.hang();
    else if (dice < 92) {
      if (network.backendUp) network.backendDown();
      else network.backendComesUp({ empty: random.chance(0.5) });
    }
    await this.cluster.advance(random.below(25));
  }

  /** Peace: every device is connected, and what it has not acknowledged is said once more. */
  async heal(): Promise<void> {
    const { cluster } = this;
    cluster.database.failureRate = 0;
    if (!cluster.network.backendUp) cluster.network.backendComesUp({ empty: false });
    for (const { network } of this.liveNodes) network.heal();
    for (let turn = 0; turn < 40; turn++) {
      for (const device of this.devices) {
        if (!this.connected(device)) this.connect(device);
        if (device.connection !== null) device.connection.stalled = false;
        device.connection?.drain();
        if (turn % 10 === 9) device.repeat();
      }
      await cluster.advance(1_000);
    }
  }

  check(): string[] {
    const { state } = this.cluster.database;
    const problems = [...this.problems];
    for (const conversation of state.conversations.values()) {
      conversation.messages.forEach((message, at) => {
        if (message.seq !== at + 1) problems.push(`G2: conv ${conversation.id} seq ${message.seq} at ${at}`);
      });
    }
    for (const device of this.devices) {
      const open = [...device.sends.values()].filter((send) => !send.acked);
      if (open.length > 0) problems.push(`G1: ${device.name} has ${open.length} sends without an answer`);
      for (const conversation of state.conversations.values()) {
        const { leftSeq, addedSeq } = conversation.members.get(device.userId) ?? { leftSeq: 0, addedSeq: 0 };
        if (leftSeq !== null) continue;
        // What was pending from before a second join is not delivered any more, as the port says.
        const missing = device.missing(conversation.id).filter((seq) => seq > addedSeq);
        if (missing.length > 0) problems.push(`G4: ${device.name} lacks ${missing} of conv ${conversation.id}`);
      }
    }
    for (const { telemetry, alive } of this.cluster.nodes) {
      if (alive && telemetry.audited > 0) problems.push('the audit found something');
    }
    return problems;
  }

  connect(device: ModelDevice): void {
    const node = this.cluster.random.pick(this.liveNodes);
    this.#nodeOf.set(device, node);
    device.connect(this.cluster.connect(node));
  }

  conversationsOf(device: ModelDevice): { id: number; kind: string }[] {
    const all = [...this.cluster.database.state.conversations.values()];
    return all.filter(({ members }) => members.has(device.userId));
  }

  #talk(device: ModelDevice): void {
    const { random } = this.cluster;
    const mine = this.conversationsOf(device);
    if (mine.length === 0) return;
    const { id, kind } = random.pick(mine);
    for (let n = random.below(3); n >= 0; n--) device.send(id, kind);
  }

  #acknowledge(device: ModelDevice): void {
    const { random } = this.cluster;
    if (device.replicas.size === 0) return;
    device.acknowledge(random.pick([...device.replicas.keys()]), random.chance(0.5) ? 'delivered' : 'seen');
  }

  #open(device: ModelDevice): void {
    const { random } = this.cluster;
    const other = random.pick(USERS.filter((id) => id !== device.userId));
    if (random.chance(0.5)) device.say({ type: 'init_personal', member: [device.userId, other] });
    else
      device.say({
        type: 'init_group',
        member: [...new Set([device.userId, other, random.pick(USERS)])],
        group_name: 'g',
      });
  }

  #changeGroup(device: ModelDevice): void {
    const { random } = this.cluster;
    const groups = this.conversationsOf(device).filter(({ kind }) => kind === 'group');
    if (groups.length === 0) return;
    const { id: conv_id } = random.pick(groups);
    const user_id = random.pick(USERS);
    const dice = random.below(10);
    if (dice < 4) device.say({ type: 'group_add', conv_id, user_id: [user_id] });
    else if (dice < 8) device.say({ type: 'group_remove', conv_id, user_id });
    else if (dice < 9) device.say({ type: 'group_rename', conv_id, group_name: `name ${random.below(9)}` });
    else device.say({ type: 'group_leave', conv_id });
  }

  #stall({ connection }: ModelDevice): void {
    if (connection === null) return;
    connection.stalled = !connection.stalled;
    if (!connection.stalled) connection.drain();
  }
}

/** @returns what broke a promise; nothing, it is hoped */
export async function simulateDevices(
  seed: number,
  steps: number,
  kind: new (seed: number) => DeviceSimulation = DeviceSimulation,
): Promise<{ readonly messages: number; readonly hidden: number; readonly problems: readonly string[] }> {
  const simulation = new kind(seed);
  const { cluster } = simulation;
  for (let n = 0; n < 3; n++) await cluster.startNode();
  cluster.database.failureRate = cluster.random.chance(0.5) ? 0.02 : 0;
  for (let step = 0; step < steps; step++) await simulation.act();
  await simulation.heal();
  const problems = simulation.check();
  await cluster.stop();
  const { state } = cluster.database;
  let hidden = 0;
  for (const { id, members, messages } of state.conversations.values()) {
    for (const userId of members.keys()) hidden += messages.length - visibleSeqs(state, id, userId).length;
  }
  return { messages: state.messages.length, hidden, problems };
}
