import type { FakeConnection } from './fake-connection.ts';
import { FaultSimulation } from './fault-simulation.ts';
import type { TestNode } from './test-cluster.ts';

interface Client {
  readonly userId: number;
  readonly node: TestNode;
  readonly connection: FakeConnection;
  /** Message ids of its own sends that were acknowledged. */
  readonly acked: number[];
  readonly received: number[];
  /** Undelivered heads when it connected are not known to it: order is checked from the first frame on. */
  readonly last: Map<number, number>;
  readonly problems: string[];
}

const USERS = [1, 2, 3, 4, 5, 6];

/** Users of the legacy protocol who connect, talk, stall and leave. */
export class LegacySimulation extends FaultSimulation {
  readonly clients: Client[] = [];
  readonly conversations: { id: number; type: 'personal' | 'group'; members: number[] }[] = [];
  sent = 0;

  connect(userId: number, node: TestNode): Client {
    const connection = this.cluster.connect(node);
    const client: Client = {
      userId,
      node,
      connection,
      acked: [],
      received: [],
      last: new Map(),
      problems: this.problems,
    };
    connection.onFrame = (frame) => this.#onFrame(client, frame);
    connection.say(String(userId));
    this.clients.push(client);
    return client;
  }

  #onFrame(client: Client, frame: string): void {
    if (!frame.startsWith('{')) return;
    const value = JSON.parse(frame) as Record<string, unknown>;
    if (value.type === 'error') return;
    if (value.local_conv_id !== undefined) {
      const known = this.conversations.find((c) => c.id === value.db_conv_id);
      const members = (value.local_conv_id as string).split(',').map(Number);
      if (known === undefined) {
        this.conversations.push({ id: value.db_conv_id as number, type: value.type as 'personal' | 'group', members });
      }
      return;
    }
    if (value.msg === undefined) {
      client.acked.push(value.message_id as number);
      const stored = this.cluster.database.state.messages[(value.message_id as number) - 1];
      if (stored?.senderId !== client.userId)
        client.problems.push(`G1: user ${client.userId} got an ack for ${value.message_id}`);
      return;
    }
    const stored = this.cluster.database.state.messages[(value.message_id as number) - 1];
    if (stored === undefined) {
      client.problems.push('G1: a frame of a message that is not stored');
      return;
    }
    const conversation = this.cluster.database.state.conversations.get(stored.conversationId);
    if (!conversation?.members.has(client.userId)) client.problems.push(`G7: ${client.userId} got ${stored.messageId}`);
    const last = client.last.get(stored.conversationId) ?? 0;
    if (stored.seq <= last) client.problems.push(`G5: conv ${stored.conversationId} seq ${stored.seq} after ${last}`);
    const between = (conversation?.messages ?? []).slice(last, stored.seq - 1);
    // Own messages may be left out; anything else between two frames is a gap.
    if (last > 0 && between.some((m) => m.senderId !== client.userId)) {
      client.problems.push(`G5: gap in conv ${stored.conversationId} from ${last} to ${stored.seq}`);
    }
    client.last.set(stored.conversationId, stored.seq);
    client.received.push(stored.messageId);
  }

  get online(): Client[] {
    return this.clients.filter((client) => client.connection.closed === null && client.node.alive);
  }

  async act(): Promise<void> {
    const { random } = this.cluster;
    const dice = random.below(100);
    const client = this.online.length > 0 ? random.pick(this.online) : null;
    if (client === null || dice < 10) this.connect(random.pick(USERS), random.pick(this.liveNodes));
    else if (dice < 15) client.connection.hangUp();
    else if (dice < 20) {
      const other = random.pick(USERS.filter((id) => id !== client.userId));
      client.connection.say({
        type: 'init_personal',
        conv_id: `${client.userId},${other}`,
        member: [client.userId, other],
      });
    } else if (dice < 23) {
      const members = [...new Set([client.userId, random.pick(USERS), random.pick(USERS), random.pick(USERS)])];
      client.connection.say({
        type: 'init_group',
        conv_id: members.join(','),
        member: members,
        group_name: 'g',
        description: '',
      });
    } else if (dice < 75) {
      const mine = this.conversations.filter((c) => c.members.includes(client.userId));
      if (mine.length > 0) {
        const { id, type } = random.pick(mine);
        for (let n = random.below(4); n >= 0; n--) client.connection.say({ type, conv_id: id, msg: `m${++this.sent}` });
      }
    } else if (dice < 80) client.connection.pong();
    else if (dice < 83) {
      client.connection.stalled = !client.connection.stalled;
      if (!client.connection.stalled) client.connection.drain();
    } else await this.fault(dice - 86);
    await this.cluster.advance(random.below(25));
  }

  override async heal(): Promise<void> {
    await super.heal();
    for (const client of this.online) {
      client.connection.stalled = false;
      client.connection.drain();
    }
    for (let turn = 0; turn < 40; turn++) {
      await this.cluster.advance(1_000);
      for (const client of this.online) {
        client.connection.drain();
        client.connection.pong();
      }
    }
  }

  /** G4: whoever is connected has everything of others that was committed since; the rest is pending. */
  override check(): string[] {
    const { state } = this.cluster.database;
    const problems = super.check();
    const acked = this.clients.flatMap((client) => client.acked);
    if (new Set(acked).size !== acked.length) problems.push('G3: two acks of one message');
    for (const client of this.online) {
      for (const conversation of state.conversations.values()) {
        const member = conversation.members.get(client.userId);
        if (member === undefined) continue;
        const last = client.last.get(conversation.id) ?? 0;
        const missing = conversation.messages.filter(
          (m) => m.seq > Math.max(last, member.deliveredSeq) && m.senderId !== client.userId,
        );
        if (missing.length > 0)
          problems.push(`G4: user ${client.userId} lacks ${missing.length} of conv ${conversation.id}`);
        const undelivered = conversation.messages.filter(
          (m) => m.seq > member.deliveredSeq && m.senderId !== client.userId,
        );
        if (undelivered.length > 0)
          problems.push(
            `G6: user ${client.userId} conv ${conversation.id}: ${undelivered.length} not marked delivered`,
          );
      }
    }
    return problems;
  }
}

/** @returns what broke a promise; nothing, it is hoped */
export async function simulateLegacy(
  seed: number,
  steps: number,
): Promise<{ readonly sent: number; readonly problems: readonly string[] }> {
  const simulation = new LegacySimulation(seed);
  const problems = await simulation.run(steps);
  return { sent: simulation.sent, problems };
}
