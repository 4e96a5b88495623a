import { FaultSimulation } from './fault-simulation.ts';
import { ModelDevice } from './model-device.ts';
import type { TestNode } from './test-cluster.ts';
import { visibleSeqs } from './visible-seqs.ts';

export const USERS = [1, 2, 3, 4, 5];

/** Devices of the current protocol: they resume, repeat, acknowledge and change groups. */
export class DeviceSimulation extends FaultSimulation {
  readonly devices: ModelDevice[] = [];
  readonly #nodeOf = new Map<ModelDevice, TestNode>();

  constructor(seed: number) {
    super(seed);
    for (const userId of USERS) {
      for (const name of ['a', 'b']) {
        this.devices.push(new ModelDevice(`${name}${userId}`, userId, this.cluster.database.state, this.problems));
      }
    }
  }

  connected(device: ModelDevice): boolean {
    const node = this.#nodeOf.get(device);
    return device.connection !== null && device.connection.closed === null && node?.alive === true;
  }

  async act(): Promise<void> {
    const { random } = this.cluster;
    const device = random.pick(this.devices);
    const dice = random.below(100);
    if (!this.connected(device) || dice < 6) this.connect(device);
    else if (dice < 45) this.#talk(device);
    else if (dice < 60) this.#acknowledge(device);
    else if (dice < 72) this.#changeGroup(device);
    else if (dice < 76) this.#open(device);
    else if (dice < 80) this.#stall(device);
    else if (dice < 84) device.connection?.hangUp();
    else await this.fault(dice - 88);
    await this.cluster.advance(random.below(25));
  }

  /** Every device is connected, and what it has not acknowledged is said once more. */
  override async heal(): Promise<void> {
    await super.heal();
    for (let turn = 0; turn < 40; turn++) {
      for (const device of this.devices) {
        if (!this.connected(device)) this.connect(device);
        if (device.connection !== null) device.connection.stalled = false;
        device.connection?.drain();
        if (turn % 10 === 9) device.repeat();
      }
      await this.cluster.advance(1_000);
    }
  }

  override check(): string[] {
    const { state } = this.cluster.database;
    const problems = super.check();
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
  const problems = await simulation.run(steps);
  const { state } = simulation.cluster.database;
  let hidden = 0;
  for (const { id, members, messages } of state.conversations.values()) {
    for (const userId of members.keys()) hidden += messages.length - visibleSeqs(state, id, userId).length;
  }
  return { messages: state.messages.length, hidden, problems };
}
