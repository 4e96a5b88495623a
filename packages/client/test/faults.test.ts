import { Random, testSeed } from '@parley/core/testing';
import { describe, expect, it } from 'vitest';
import type { OutboxStorage } from '../src/api/storage.ts';
import type { ChatClientImplementation } from '../src/chat-client.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import type { FrameFate, FrameInTransit } from '../src/testing/index.ts';
import { World } from './harness.ts';

const USERS = [1, 2, 3];
/** More of them: `PARLEY_TEST_RUNS=300 npx vitest run packages/client/test/faults.test.ts`. */
const RUNS = Number(process.env.PARLEY_TEST_RUNS ?? 12);

/** What one user of the model has: a device whose storage outlives crashes, and what it was told to send. */
interface Device {
  readonly userId: number;
  readonly storage: OutboxStorage;
  client: ChatClientImplementation;
  /** Texts by conversation, in the order of `send`. */
  readonly said: Map<number, string[]>;
  /** Of the present client: seqs of messages of others, as they were told, by conversation. */
  heard: Map<number, number[]>;
}

class Model {
  readonly random: Random;
  readonly world: World;
  readonly devices: Device[] = [];
  readonly conversations: number[] = [];
  faulty = false;
  #texts = 0;

  private constructor(random: Random, world: World) {
    this.random = random;
    this.world = world;
  }

  static async open(seed: number, faultRate: number): Promise<Model> {
    const random = new Random(seed);
    let model: Model | null = null;
    const fateOf = (frame: FrameInTransit): FrameFate => model?.fateOf(frame, faultRate) ?? 'pass';
    model = new Model(random, await World.open({ seed, nodes: 2, fateOf }));
    for (const userId of USERS) model.devices.push(model.#device(userId));
    const [ann] = model.devices;
    if (ann === undefined) throw new Error('no device');
    const group = ann.client.createGroup({ name: 'all', memberIds: USERS });
    model.conversations.push((await model.world.settle(group, 'the group')).id);
    const pair = ann.client.openPersonal(2);
    model.conversations.push((await model.world.settle(pair, 'the pair')).id);
    return model;
  }

  fateOf({ direction, text }: FrameInTransit, rate: number): FrameFate {
    if (!this.faulty) return 'pass';
    // What is lost most often: the ack of what has been stored.
    const likely = direction === 'down' && text.includes('"type":"ack"') ? 3 * rate : rate;
    if (this.random.chance(likely)) return this.random.pick(['cut_before', 'cut_after']);
    return this.random.chance(rate) ? 'twice' : 'pass';
  }

  async step(): Promise<void> {
    const device = this.random.pick(this.devices);
    const [group = 0, pair = 0] = this.conversations;
    const dice = this.random.below(100);
    if (dice < 60) this.#say(device, device.userId === 3 || this.random.chance(0.5) ? group : pair);
    else if (dice < 64) this.#crash(device);
    else if (dice < 67) this.world.server.cut();
    else if (dice < 69) void this.world.server.restart();
    else if (dice < 73) this.world.server.setReachable(this.random.chance(0.6));
    else if (dice < 78)
      this.world.environmentOf(device.client).sign(this.random.pick(['online', 'offline', 'visible']));
    else if (dice < 82) device.client.conversation(group).markSeen();
    else if (dice < 84) void device.client.conversation(group).loadOlder(5);
    await this.world.advance(this.random.pick([0, 0, 1, 5, 40, 400, 3_000]));
  }

  async heal(): Promise<void> {
    this.faulty = false;
    this.world.server.setReachable(true);
    const { world, devices } = this;
    await world.until(
      () => devices.every(({ client }) => client.state.status === 'connected' && client.pending.length === 0),
      'everything to be sent',
      600_000,
    );
    await world.until(
      () => devices.every(({ client, userId }) => this.#of(userId).every((id) => this.#isComplete(client, id))),
      'every replica to be complete',
      600_000,
    );
  }

  /** The texts of a conversation as the server has them. */
  async stored(conversationId: number): Promise<string[]> {
    const reader = await this.world.connect(1);
    const conversation = reader.conversation(conversationId);
    while (conversation.hasOlder) await this.world.settle(conversation.loadOlder(200));
    const texts = conversation.messages.map((item) => (item.type === 'message' ? item.text : item.change.kind));
    await this.world.settle(reader.close());
    return texts;
  }

  #of(userId: number): number[] {
    return userId === 3 ? this.conversations.slice(0, 1) : this.conversations;
  }

  #isComplete(client: ChatClientImplementation, conversationId: number): boolean {
    const heads = this.devices.map((device) => device.client.conversation(conversationId).seq);
    return client.conversation(conversationId).seq === Math.max(...heads);
  }

  #say(device: Device, conversationId: number): void {
    const text = `${device.userId}: ${++this.#texts}`;
    device.client.send(conversationId, text);
    const said = device.said.get(conversationId) ?? [];
    device.said.set(conversationId, said);
    said.push(text);
  }

  #crash(device: Device): void {
    this.world.crash(device.client);
    const again = this.#device(device.userId, device.storage);
    device.client = again.client;
    device.heard = again.heard;
  }

  #device(userId: number, storage: OutboxStorage = memoryStorage()): Device {
    const client = this.world.client({ userId, storage, maxMessages: 1_000 });
    const heard = new Map<number, number[]>();
    client.on('error', () => undefined);
    client.on('message', (message) => {
      if (message.senderId === userId) return;
      const seqs = heard.get(message.conversationId) ?? [];
      heard.set(message.conversationId, seqs);
      seqs.push(message.seq);
    });
    return { userId, storage, client, said: new Map(), heard };
  }
}

async function run(seed: number, faultRate: number, steps: number): Promise<void> {
  const model = await Model.open(seed, faultRate);
  try {
    model.faulty = true;
    for (let n = 0; n < steps; n += 1) await model.step();
    await model.heal();
    for (const conversationId of model.conversations) {
      const stored = await model.stored(conversationId);
      for (const { userId, said } of model.devices) {
        // Nothing lost, nothing twice, nothing out of order.
        expect(stored.filter((text) => text.startsWith(`${userId}:`))).toEqual(said.get(conversationId) ?? []);
      }
      for (const { client, heard } of model.devices) {
        const items = client.conversations.get(conversationId)?.messages ?? [];
        const first = items[0]?.seq ?? stored.length + 1;
        expect(items.map((item) => item.seq)).toEqual(items.map((_, n) => first + n));
        expect(items.map((item) => (item.type === 'message' ? item.text : ''))).toEqual(stored.slice(first - 1));
        const seqs = heard.get(conversationId) ?? [];
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }
    }
  } finally {
    await model.world.close();
  }
}

describe('whatever the network does, no message is lost, doubled or out of order (G3, G4, G5)', () => {
  const seed = testSeed();
  for (let n = 0; n < RUNS; n += 1) {
    it(`seed ${seed + n}`, () => run(seed + n, 0.02, 150));
  }
});

describe('a connection that breaks at every single frame', () => {
  it.each(['cut_before', 'cut_after', 'twice'] as const)('%s', async (fate) => {
    // One fault per run, at the n-th frame, until a run is over before its fault.
    for (let n = 0, frames = Number.POSITIVE_INFINITY; n < frames; n += 1) {
      let count = 0;
      const world = await World.open({ fateOf: () => (count++ === n ? fate : 'pass') });
      const ann = world.client({ userId: 1 });
      const bob = world.client({ userId: 2 });
      const chat = await world.settle(ann.openPersonal(2));
      const handles = ['a', 'b', 'c'].map((text) => chat.send(text));
      for (const handle of handles) await world.settle(handle.settled);
      const there = bob.conversation(chat.id);
      await world.until(() => there.messages.length === 3, `bob to have all (fault at frame ${n})`);
      there.markSeen();
      await world.until(() => handles.every((handle) => handle.status === 'seen'), `all seen (fault at frame ${n})`);
      for (const { messages } of [chat, there]) {
        expect(messages.map((item) => item.seq)).toEqual([1, 2, 3]);
        expect(messages.map((item) => (item.type === 'message' ? item.text : ''))).toEqual(['a', 'b', 'c']);
      }
      await world.close();
      if (count <= n) frames = 0;
    }
  });
});
