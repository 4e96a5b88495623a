import type { MemoryState } from '../memory/memory-state.ts';
import type { FakeConnection } from './fake-connection.ts';
import { readableSeqs, visibleSeqs } from './visible-seqs.ts';

type Frame = Record<string, unknown> & { readonly type: string };

interface Replica {
  /** Everything visible above it is wanted. */
  base: number;
  /** Complete from `base` up to here. */
  cursor: number;
  readonly seqs: Map<number, number>;
}

interface Send {
  readonly conversationId: number;
  readonly type: string;
  readonly msg: string;
  acked: boolean;
}

/**
 * A device of the current protocol that keeps what it was sent over any number of connections, as an SDK would: resumes from its cursors, repeats what was not
 * acknowledged under the same client id, and notes whatever breaks a promise.
 */
export class ModelDevice {
  readonly name: string;
  readonly userId: number;
  connection: FakeConnection | null = null;
  readonly sends = new Map<string, Send>();
  readonly replicas = new Map<number, Replica>();
  readonly #state: MemoryState;
  readonly #problems: string[];
  readonly #told = new Map<string, { delivered: number; seen: number }>();
  /** Per connection: the last seq of each conversation. */
  #last = new Map<number, number>();
  /** Per connection: what was sent on it, and on no other before. */
  #sentHere = new Set<string>();
  /** Acknowledged in conversations that it has nothing of yet. */
  readonly #early = new Map<string, { conversationId: number; seq: number; messageId: number }>();
  #sent = 0;

  constructor(name: string, userId: number, state: MemoryState, problems: string[]) {
    this.name = name;
    this.userId = userId;
    this.#state = state;
    this.#problems = problems;
  }

  connect(connection: FakeConnection): void {
    this.connection?.hangUp();
    this.connection = connection;
    this.#last = new Map();
    this.#sentHere = new Set();
    connection.onFrame = (text) => this.#take(connection, JSON.parse(text) as Frame);
    const cursors = Object.fromEntries([...this.replicas].map(([id, replica]) => [id, replica.cursor]));
    const groups = [...this.replicas.keys()].filter((id) => this.#state.conversations.get(id)?.kind === 'group');
    const own = this.replicas.size === 0 ? {} : { cursors, groups, epoch: 'epoch-1' };
    connection.say({ type: 'hello', v: 2, user_id: this.userId, device: this.name, ...own });
    this.repeat();
  }

  /** As one that was put back to an older copy of itself, or installed anew. */
  forget(conversationId: number | null, afterSeq = 0): void {
    this.connection?.hangUp();
    if (conversationId === null) {
      this.replicas.clear();
      this.#early.clear();
      return;
    }
    const replica = this.replicas.get(conversationId);
    if (replica === undefined) return;
    replica.cursor = Math.max(replica.base, Math.min(replica.cursor, afterSeq));
    for (const seq of replica.seqs.keys()) if (seq > replica.cursor) replica.seqs.delete(seq);
  }

  /** Says what has no answer once more. */
  repeat(): void {
    for (const [clientId, send] of this.sends) if (!send.acked) this.#say(clientId, send);
  }

  send(conversationId: number, type: string): void {
    const clientId = `${this.name}-${++this.#sent}`;
    const send = { conversationId, type, msg: `of ${clientId}`, acked: false };
    this.sends.set(clientId, send);
    this.#sentHere.add(clientId);
    this.#say(clientId, send);
  }

  say(frame: object): void {
    this.connection?.say(frame);
  }

  /** Says what it has of a conversation. */
  acknowledge(conversationId: number, step: 'delivered' | 'seen'): void {
    const replica = this.replicas.get(conversationId);
    if (replica !== undefined && replica.cursor > 0) {
      this.say({ type: step, conv_id: conversationId, seq: replica.cursor });
    }
  }

  /** What it should have and has not: all that its user could see above where it began (G4). */
  missing(conversationId: number): number[] {
    const replica = this.replicas.get(conversationId);
    const base = replica?.base ?? 0;
    const visible = visibleSeqs(this.#state, conversationId, this.userId);
    return visible.filter((seq) => seq > base && !replica?.seqs.has(seq));
  }

  #say(clientId: string, { conversationId, type, msg }: Send): void {
    this.say({ type, conv_id: conversationId, msg, client_id: clientId, ref: clientId });
  }

  #take(connection: FakeConnection, frame: Frame): void {
    if (connection !== this.connection) return;
    switch (frame.type) {
      case 'personal':
      case 'group':
      case 'event':
        this.#takeMessage(frame);
        break;
      case 'ack':
        this.#takeAck(frame);
        break;
      case 'synced':
        this.#takeSynced(frame);
        break;
      case 'reset':
        this.#blame(`G5: reset of conversation ${frame.conv_id} without a cause`);
        break;
      case 'status':
        this.#takeStatus(frame);
        break;
      case 'error':
        // Refused for good: it will not be sent again.
        if (frame.temporary === false && this.sends.has(frame.ref as string)) this.sends.delete(frame.ref as string);
        break;
    }
  }

  #takeMessage(frame: Frame): void {
    const conversationId = frame.conv_id as number;
    const seq = frame.seq as number;
    const stored = this.#state.conversations.get(conversationId)?.messages[seq - 1];
    if (stored === undefined || stored.messageId !== frame.message_id) {
      this.#blame(`G1: seq ${seq} of conversation ${conversationId} is not what is stored`);
      return;
    }
    if (!readableSeqs(this.#state, conversationId, this.userId).includes(seq)) {
      this.#blame(`G7: got seq ${seq} of conversation ${conversationId}, which is not its user's to see`);
    }
    if (this.#sentHere.has(frame.client_id as string)) this.#blame(`G5: got a copy of its own ${frame.client_id}`);
    const last = this.#last.get(conversationId) ?? 0;
    if (seq <= last) this.#blame(`G5: conversation ${conversationId} seq ${seq} after ${last}`);
    this.#last.set(conversationId, seq);
    this.#keep(conversationId, seq, stored.messageId, seq - 1);
  }

  #takeAck(frame: Frame): void {
    const send = this.sends.get(frame.client_id as string);
    const conversationId = frame.conv_id as number;
    const seq = frame.seq as number;
    const stored = this.#state.conversations.get(conversationId)?.messages[seq - 1];
    if (stored === undefined || stored.clientId !== frame.client_id) {
      this.#blame(`G1: an ack of ${frame.client_id} that is not stored`);
      return;
    }
    if (stored.isEvent || send === undefined) return;
    if (send.acked && frame.duplicate !== true) this.#blame(`G3: ${frame.client_id} was acknowledged twice`);
    send.acked = true;
    const replica = this.replicas.get(conversationId);
    // One from before it began (the user's other devices have what is above it) says nothing of what comes behind it.
    if (replica !== undefined && seq <= replica.base) return;
    if (replica !== undefined) this.#keep(conversationId, seq, stored.messageId, seq - 1);
    // Of a conversation that it has nothing of yet it does not know what comes before.
    else this.#early.set(`${conversationId} ${seq}`, { conversationId, seq, messageId: stored.messageId });
  }

  #takeSynced(frame: Frame): void {
    const conversationId = frame.conv_id as number;
    const seq = frame.seq as number;
    const replica = this.#replica(conversationId, seq - (frame.recovered as number));
    this.#advance(conversationId, replica);
    // What is not visible in between was never there for this user, and what was pending from before a second join is not any more.
    const addedSeq = this.#state.conversations.get(conversationId)?.members.get(this.userId)?.addedSeq ?? 0;
    if (replica.cursor < seq && this.missing(conversationId).some((missed) => missed > addedSeq && missed <= seq)) {
      this.#blame(`G4: synced up to ${seq} of conversation ${conversationId}, complete up to ${replica.cursor}`);
    }
    replica.cursor = Math.max(replica.cursor, seq);
    this.#advance(conversationId, replica);
  }

  #takeStatus(frame: Frame): void {
    const key = `${frame.conv_id} ${frame.user_id}`;
    const delivered = frame.delivered_seq as number;
    const seen = frame.seen_seq as number;
    const told = this.#told.get(key) ?? { delivered: 0, seen: 0 };
    if (delivered < told.delivered || seen < told.seen) this.#blame(`G6: status of ${key} went backwards`);
    const member = this.#state.conversations.get(frame.conv_id as number)?.members.get(frame.user_id as number);
    if (delivered > (member?.deliveredSeq ?? 0) || seen > (member?.seenSeq ?? 0)) {
      this.#blame(`G6: status of ${key} says more than is stored`);
    }
    this.#told.set(key, { delivered, seen });
  }

  #keep(conversationId: number, seq: number, messageId: number, base: number): void {
    const replica = this.#replica(conversationId, base);
    const known = replica.seqs.get(seq);
    if (known !== undefined && known !== messageId) this.#blame(`G2: two messages with seq ${seq}`);
    replica.seqs.set(seq, messageId);
    if (seq <= replica.base) replica.base = seq - 1;
    this.#advance(conversationId, replica);
  }

  #replica(conversationId: number, base: number): Replica {
    let replica = this.replicas.get(conversationId);
    if (replica === undefined) {
      replica = { base, cursor: base, seqs: new Map() };
      this.replicas.set(conversationId, replica);
      for (const early of this.#early.values()) {
        if (early.conversationId === conversationId && early.seq > base) replica.seqs.set(early.seq, early.messageId);
      }
    }
    return replica;
  }

  #advance(conversationId: number, replica: Replica): void {
    const visible = new Set(visibleSeqs(this.#state, conversationId, this.userId));
    for (;;) {
      const next = replica.cursor + 1;
      const hidden = !visible.has(next) && [...replica.seqs.keys()].some((seq) => seq > next);
      if (!replica.seqs.has(next) && !hidden) return;
      replica.cursor = next;
    }
  }

  #blame(problem: string): void {
    this.#problems.push(`${this.name} of user ${this.userId}: ${problem}`);
  }
}
