import { findMessageId, findRef, findSeq, leadingType } from '../wire/frame-scan.ts';
import { findStamp, SendTemplate, stampChannel, stampNumber, stampTimeUs } from '../wire/message-stamp.ts';
import { Channel, type Track } from './channel.ts';
import type { ChatPlan, DriverEvent, DriverReport } from './driver-plan.ts';
import { CpuWindow, LatencyRecorder, nowUs, pause, waitFor } from './measure.ts';
import { paceOpen } from './pace-open.ts';
import { Receipts } from './receipts.ts';
import { inParallel, Seat } from './seat.ts';
import { StatusCheck } from './status-check.ts';

const PARALLEL_SETUP = 32;

/** What a client of the current protocol does and watches besides sending. */
interface Current {
  readonly receipts: Receipts;
  readonly status: StatusCheck;
}

/**
 * One load run. It holds both ends of every conversation, so it knows for each acknowledged message whether, when, how often and in what
 * order each member got it.
 */
export class ChatRun {
  readonly #plan: ChatPlan;
  readonly #emit: (event: DriverEvent) => void;
  readonly #channels: Channel[] = [];
  readonly #bySeat = new Map<Seat, Channel>();
  /** Empty when the legacy protocol is spoken. */
  readonly #current = new Map<Seat, Current>();
  readonly #faults = { duplicated: 0, outOfOrder: 0, mismatched: 0, phantom: 0, refused: 0, connectionsLost: 0 };
  #sending = false;
  #measuring = false;
  #ending = false;
  #acknowledged = 0;
  #skipped = 0;
  #receipts = 0;
  #statuses = 0;
  readonly #ackLatency = new LatencyRecorder();
  readonly #deliveryLatency = new LatencyRecorder();

  constructor(plan: ChatPlan, emit: (event: DriverEvent) => void) {
    this.#plan = plan;
    this.#emit = emit;
  }

  async run(): Promise<DriverReport> {
    const plan = this.#plan;
    await this.#assemble();
    this.#emit({ event: 'ready' });
    const stopPace = this.#start();
    await pause(plan.warmupMs);
    this.#measuring = true;
    const skippedBefore = this.#skipped;
    const window = new CpuWindow(plan.watch);
    this.#emit({ event: 'window-open' });
    await pause(plan.windowMs);
    this.#measuring = false;
    const { windowMs, cpuUs, driverCpuUs } = window.end();
    const skipped = this.#skipped - skippedBefore;
    this.#emit({ event: 'window-closed' });
    this.#sending = false;
    stopPace();
    const owed = (): number => this.#channels.reduce((sum, channel) => sum + channel.owed(), 0);
    const unanswered = (): number => this.#channels.reduce((sum, channel) => sum + channel.unanswered, 0);
    await waitFor(() => unanswered() === 0 && owed() === 0, plan.drainMs);
    const faults = { ...this.#faults, lost: owed(), unanswered: unanswered() };
    this.#ending = true;
    for (const { seat } of this.#channels) seat.close();
    return {
      windowMs,
      acknowledged: this.#acknowledged,
      delivered: this.#deliveryLatency.count,
      ack: this.#ackLatency.summary(),
      delivery: this.#deliveryLatency.summary(),
      cpuUs,
      driverCpuUs,
      receipts: this.#receipts,
      statuses: this.#statuses,
      skipped,
      faults,
    };
  }

  async #assemble(): Promise<void> {
    const { pairs, groups, groupSize, userBase } = this.#plan;
    const parties: { kind: 'personal' | 'group'; firstUser: number; size: number; home: number }[] = [];
    for (let i = 0; i < pairs; i++) parties.push({ kind: 'personal', firstUser: userBase + 2 * i, size: 2, home: i });
    for (let i = 0; i < groups; i++) {
      const firstUser = userBase + 2 * pairs + groupSize * i;
      parties.push({ kind: 'group', firstUser, size: groupSize, home: i });
    }
    await inParallel(parties, PARALLEL_SETUP, async (party) => this.#seatParty(party));
  }

  async #seatParty(party: {
    kind: 'personal' | 'group';
    firstUser: number;
    size: number;
    home: number;
  }): Promise<void> {
    const { urls, bodyLength, protocol } = this.#plan;
    const { kind, firstUser, size, home } = party;
    const seats = Array.from(
      { length: size },
      (_, i) => new Seat(firstUser + i, protocol, (seat, reason) => this.#onGone(seat, reason)),
    );
    await Promise.all(seats.map((seat, i) => seat.open(urls[(home + i) % urls.length] ?? '')));
    const members = seats.map((seat) => seat.userId);
    const conversation = await seats[0]?.init(members, kind);
    if (conversation === undefined) throw new Error('a party needs members');
    const positions = new Map(seats.map((seat) => [seat, { id: 0, seq: 0 }]));
    for (const seat of seats) {
      const index = this.#channels.length;
      const channel = new Channel(seat, { channel: index, conversation, kind, bodyLength, protocol });
      this.#channels.push(channel);
      this.#bySeat.set(seat, channel);
      for (const [other, position] of positions) {
        if (other !== seat) channel.tracks.set(other, { highest: 0, missing: new Set(), position });
      }
      if (protocol === 'current') this.#follow(seat);
      else seat.live((from, data, start, end) => this.#onText(from, data, start, end));
    }
  }

  #start(): () => void {
    const { pace } = this.#plan;
    this.#sending = true;
    if (pace.kind === 'closed') {
      for (const channel of this.#channels) for (let i = 0; i < pace.window; i++) channel.send(nowUs());
      return () => {};
    }
    let turn = 0;
    return paceOpen(pace.rate, (intendedUs) => {
      const channel = this.#channels[turn++ % this.#channels.length];
      if (channel === undefined || channel.full) this.#skipped++;
      else channel.send(intendedUs);
    });
  }

  #follow(seat: Seat): void {
    const receipts = new Receipts(seat, () => {
      if (this.#measuring) this.#receipts++;
    });
    this.#current.set(seat, { receipts, status: new StatusCheck(seat.userId) });
    seat.live((from, data, start, end) => this.#onCurrent(from, data, start, end));
  }

  #onText(seat: Seat, data: Buffer, start: number, end: number): void {
    const stamp = findStamp(data, start, end);
    const channel = this.#bySeat.get(seat);
    if (stamp >= 0) this.#onMessage(seat, data, start, end, stamp);
    // Answers come in the order of the sends.
    else if (channel === undefined) this.#faults.phantom++;
    else this.#onAnswer(channel, channel.answered + 1, findMessageId(data, start, end), -1);
  }

  #onCurrent(seat: Seat, data: Buffer, start: number, end: number): void {
    const channel = this.#bySeat.get(seat);
    const current = this.#current.get(seat);
    if (channel === undefined || current === undefined) return;
    switch (leadingType(data, start, end)) {
      case '': {
        const stamp = findStamp(data, start, end);
        if (stamp >= 0) this.#onMessage(seat, data, start, end, stamp);
        else this.#faults.phantom++;
        break;
      }
      case 'ack': {
        const number = SendTemplate.numberOf(findRef(data, start, end));
        this.#onAnswer(channel, number, findMessageId(data, start, end), findSeq(data, start, end));
        break;
      }
      case 'status':
        this.#onStatus(current.status.take(data.toString('utf8', start, end)));
        break;
      case 'ok':
      case 'synced':
        break;
      default: {
        // A refused send names its ref; whatever else is refused belongs nowhere.
        const ref = findRef(data, start, end);
        if (ref < 0) console.error(`driver: user ${seat.userId}: ${data.toString('utf8', start, end)}`);
        this.#onAnswer(channel, SendTemplate.numberOf(ref), -1, -1);
      }
    }
  }

  #onStatus(verdict: 'good' | 'backwards' | 'own'): void {
    if (verdict === 'backwards') this.#faults.outOfOrder++;
    if (verdict === 'own') this.#faults.phantom++;
    if (this.#measuring) this.#statuses++;
  }

  #onAnswer(channel: Channel, number: number, messageId: number, seq: number): void {
    const intendedUs = channel.answer(number);
    if (intendedUs === null) {
      this.#faults.phantom++;
      return;
    }
    if (messageId < 0) {
      this.#faults.refused++;
      channel.refused.add(number);
    } else {
      if (!channel.agrees(number, messageId, seq)) this.#faults.mismatched++;
      if (this.#measuring) {
        this.#acknowledged++;
        this.#ackLatency.record(nowUs() - intendedUs);
      }
    }
    if (this.#sending && this.#plan.pace.kind === 'closed') channel.send(nowUs());
  }

  #onMessage(seat: Seat, data: Buffer, start: number, end: number, stamp: number): void {
    const number = stampNumber(data, stamp);
    const channel = this.#channels[stampChannel(data, stamp)];
    const track = channel?.tracks.get(seat);
    if (channel === undefined || track === undefined || number > channel.sent || number < 1) {
      this.#faults.phantom++;
      return;
    }
    const messageId = findMessageId(data, start, stamp);
    const current = this.#current.get(seat);
    const seq = current === undefined ? -1 : findSeq(data, stamp, end);
    if (this.#take(track, number, messageId, seq)) {
      if (messageId >= 0 && !channel.agrees(number, messageId, seq)) this.#faults.mismatched++;
      if (this.#measuring) this.#deliveryLatency.record(nowUs() - stampTimeUs(data, stamp));
      current?.receipts.note(channel.conversation, seq);
    }
  }

  /** Whether it is new to this receiver. Ids and seqs of one conversation ascend in commit order: one order for all members. */
  #take(track: Track, number: number, messageId: number, seq: number): boolean {
    if (number <= track.highest && !track.missing.delete(number)) {
      this.#faults.duplicated++;
      return false;
    }
    const { position } = track;
    if (number < track.highest || messageId < position.id || (seq >= 0 && seq <= position.seq))
      this.#faults.outOfOrder++;
    for (let skipped = track.highest + 1; skipped < number; skipped++) track.missing.add(skipped);
    if (number > track.highest) track.highest = number;
    position.id = Math.max(position.id, messageId);
    position.seq = Math.max(position.seq, seq);
    return true;
  }

  #onGone(seat: Seat, reason: string): void {
    if (this.#ending) return;
    this.#faults.connectionsLost++;
    if (this.#faults.connectionsLost <= 5) console.error(`driver: user ${seat.userId}: ${reason}`);
  }
}
