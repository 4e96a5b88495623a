import { DeviceSimulation, USERS } from './device-simulation.ts';
import type { FakeConnection } from './fake-connection.ts';
import type { ModelDevice } from './model-device.ts';
import type { TestNode } from './test-cluster.ts';
import { readableSeqs, visibleSeqs } from './visible-seqs.ts';

type Frame = Record<string, unknown> & { readonly type?: string };

/**
 * As `DeviceSimulation`, with all that clients do besides: groups that show their history, owners and admins, blocks, presence, typing and reads, old clients
 * beside new ones, devices that were put back or installed anew, hellos that lie, and nodes that are drained.
 */
export class WildSimulation extends DeviceSimulation {
  readonly #legacy: FakeConnection[] = [];
  readonly #watched = new Map<FakeConnection, Map<number, boolean>>();

  override async act(): Promise<void> {
    const { random } = this.cluster;
    if (random.chance(0.6)) return super.act();
    const device = random.pick(this.devices);
    const dice = random.below(100);
    if (dice < 8) this.#signInLegacy();
    else if (dice < 25) this.#talkLegacy();
    else if (!this.connected(device)) this.connect(device);
    else if (dice < 32) this.#openWithHistory(device);
    else if (dice < 44) this.#govern(device);
    else if (dice < 52) device.say({ type: random.chance(0.5) ? 'block' : 'unblock', user_id: random.pick(USERS) });
    else if (dice < 62) this.#watch(device);
    else if (dice < 78) this.#read(device);
    else if (dice < 84) this.#putBack(device);
    else if (dice < 92) this.#lie(device);
    else if (dice < 94) await this.#drain();
    else device.say({ type: 'bye' });
    await this.cluster.advance(random.below(25));
  }

  override async heal(): Promise<void> {
    for (const connection of this.#legacy) {
      connection.stalled = false;
      connection.drain();
    }
    await super.heal();
  }

  override check(): string[] {
    const problems = super.check();
    const { state } = this.cluster.database;
    for (const device of this.devices) {
      for (const [userId, online] of this.#watched.get(device.connection as FakeConnection) ?? []) {
        if (online || userId === device.userId) continue;
        const shared = [...state.conversations.values()].some(({ members }) => {
          return members.get(device.userId)?.leftSeq === null && members.get(userId)?.leftSeq === null;
        });
        const blocked = [...state.conversations.values()].some(({ members }) => {
          return members.has(userId) && members.get(device.userId)?.blocked === true;
        });
        if (shared && !blocked) problems.push(`G9: ${device.name} believes that user ${userId} is offline`);
      }
    }
    return problems;
  }

  override connect(device: ModelDevice): void {
    super.connect(device);
    const { connection } = device;
    if (connection === null) return;
    const watched = new Map<number, boolean>();
    this.#watched.set(connection, watched);
    const take = connection.onFrame;
    connection.onFrame = (text) => {
      take?.(text);
      const frame = JSON.parse(text) as Frame;
      if (frame.type === 'presence' && frame.ref !== 'asked') {
        for (const { user_id, online } of frame.users as { user_id: number; online: boolean }[]) {
          if (frame.ref === 'watch' || watched.has(user_id)) watched.set(user_id, online);
        }
      }
      if (frame.type === 'history') this.#checkHistory(device, frame);
      if (frame.type === 'typing') this.#checkTyping(device, frame);
    };
  }

  #checkHistory(device: ModelDevice, frame: Frame): void {
    const { state } = this.cluster.database;
    const conversationId = frame.conv_id as number;
    const allowed = new Set(readableSeqs(state, conversationId, device.userId));
    for (const { seq } of frame.messages as { seq: number }[]) {
      if (!allowed.has(seq)) this.problems.push(`G7: ${device.name} read seq ${seq} of conversation ${conversationId}`);
    }
  }

  #checkTyping(device: ModelDevice, frame: Frame): void {
    const members = this.cluster.database.state.conversations.get(frame.conv_id as number)?.members;
    if (!members?.has(device.userId) || frame.user_id === device.userId) {
      this.problems.push(`G7: ${device.name} was told who types in conversation ${frame.conv_id}`);
    }
  }

  #signInLegacy(): void {
    const { random, database } = this.cluster;
    const userId = random.pick(USERS);
    const connection = this.cluster.connect(random.pick(this.liveNodes));
    const last = new Map<number, number>();
    const blame = (problem: string): void => void this.problems.push(`old client of user ${userId}: ${problem}`);
    connection.onFrame = (text) => {
      if (!text.startsWith('{')) return;
      const frame = JSON.parse(text) as Frame;
      if (frame.type === 'error' || frame.local_conv_id !== undefined) return;
      const stored = database.state.messages[(frame.message_id as number) - 1];
      if (stored === undefined || stored.isEvent) return blame(`L: ${text} is no message`);
      if (frame.msg === undefined) {
        if (stored.senderId !== userId) blame('G1: the ack of another');
        return;
      }
      const { conversationId, seq } = stored;
      if (frame.seq !== undefined || frame.msg !== stored.body) blame(`L: got ${text}`);
      if (seq <= (last.get(conversationId) ?? 0))
        blame(`G5: seq ${seq} of ${conversationId} after ${last.get(conversationId)}`);
      const from = last.get(conversationId) ?? seq;
      const visible = visibleSeqs(database.state, conversationId, userId);
      if (!visible.includes(seq)) blame(`G7: got seq ${seq} of ${conversationId}`);
      const others = (at: number): boolean => {
        const between = database.state.conversations.get(conversationId)?.messages[at - 1];
        return between !== undefined && !between.isEvent && between.senderId !== userId;
      };
      const addedSeq = database.state.conversations.get(conversationId)?.members.get(userId)?.addedSeq ?? 0;
      const gap = visible.filter((at) => at > from && at < seq && at > addedSeq && others(at));
      if (gap.length > 0) blame(`G5: lacks ${gap} of ${conversationId} before ${seq}`);
      last.set(conversationId, seq);
    };
    connection.say(String(userId));
    this.#legacy.push(connection);
    if (this.#legacy.length > 6) this.#legacy.shift()?.hangUp();
  }

  #talkLegacy(): void {
    const { random, database } = this.cluster;
    if (this.#legacy.length === 0) return;
    const connection = random.pick(this.#legacy);
    const dice = random.below(10);
    if (dice < 3) connection.pong();
    else if (dice < 4) {
      connection.stalled = !connection.stalled;
      if (!connection.stalled) connection.drain();
    } else {
      const conversations = [...database.state.conversations.values()];
      if (conversations.length === 0) return;
      const { id, kind } = random.pick(conversations);
      connection.say({ type: kind, conv_id: id, msg: 'from an old client' });
    }
  }

  #openWithHistory(device: ModelDevice): void {
    const { random } = this.cluster;
    const member = [...new Set([device.userId, random.pick(USERS)])];
    if (member.length > 1) device.say({ type: 'init_group', member, group_name: 'h', history: true });
  }

  #govern(device: ModelDevice): void {
    const { random } = this.cluster;
    const groups = this.conversationsOf(device).filter(({ kind }) => kind === 'group');
    if (groups.length === 0) return;
    const frame = { conv_id: random.pick(groups).id, user_id: random.pick(USERS) };
    if (random.chance(0.3)) device.say({ type: 'group_transfer', ...frame });
    else device.say({ type: 'group_role', ...frame, role: random.pick(['owner', 'admin', 'member']) });
  }

  #watch(device: ModelDevice): void {
    const { random } = this.cluster;
    const user_id = [random.pick(USERS)];
    const dice = random.below(3);
    if (dice === 0) device.say({ type: 'presence', user_id, ref: 'asked' });
    else if (dice === 1) device.say({ type: 'watch', user_id, ref: 'watch' });
    else {
      device.say({ type: 'unwatch', user_id });
      for (const userId of user_id) this.#watched.get(device.connection as FakeConnection)?.delete(userId);
    }
  }

  #read(device: ModelDevice): void {
    const { random } = this.cluster;
    const conv_id = 1 + random.below(8);
    const dice = random.below(6);
    if (dice === 0) device.say({ type: 'history', conv_id, limit: 1 + random.below(5) });
    else if (dice === 1) device.say({ type: 'history', conv_id, after: random.below(10) });
    else if (dice === 2) device.say({ type: 'typing', conv_id });
    else if (dice === 3) device.say({ type: 'delivered', conv_id, seq: 1_000_000 });
    else if (dice === 4) device.say({ type: 'conversations' });
    else device.say({ type: 'members', conv_id });
  }

  #putBack(device: ModelDevice): void {
    const { random } = this.cluster;
    const ids = [...device.replicas.keys()];
    if (ids.length === 0) return;
    if (random.chance(0.2)) device.forget(null);
    else device.forget(random.pick(ids), random.below(20));
    this.connect(device);
  }

  /** A hello that names what is not its user's, and calls it what it is not. */
  #lie(device: ModelDevice): void {
    const { random } = this.cluster;
    const connection = this.cluster.connect(random.pick(this.liveNodes));
    const ids = Array.from({ length: 10 }, (_, at) => at + 1);
    const cursors = Object.fromEntries(ids.map((id) => [id, random.below(30)]));
    connection.say({ type: 'hello', v: 2, user_id: device.userId, cursors, groups: ids, status_of: ids });
    for (const conv_id of ids) connection.say({ type: 'typing', conv_id });
    this.cluster.clock.after(random.below(60), () => connection.hangUp());
  }

  async #drain(): Promise<void> {
    const { network } = this.cluster;
    if (this.liveNodes.length < 3 || !network.backendUp) return;
    const drained: TestNode = this.cluster.random.pick(this.liveNodes);
    await this.cluster.drain(drained);
  }
}
