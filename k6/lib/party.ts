import { decodeBody, encodeBody } from './body.ts';
import { Ledger } from './ledger.ts';
import { ackLatency, catchUp, deliveryLatency, disconnects, FindingsReporter, failures, skipped } from './metrics.ts';
import { type ArrivedMessage, type ErrorFrame, type PendingSend, Seat, type SeatEvents } from './seat.ts';
import type { Settings } from './settings.ts';
import { firstFrame } from './sign-in.ts';
import { pause, waitFor } from './wait.ts';

export interface Conversation {
  readonly id: number;
  readonly kind: 'personal' | 'group';
  /** Channel of each seat that may send. */
  readonly channels: ReadonlyMap<Seat, number>;
}

const MAX_COMPLAINTS = 5;
const MAX_SEEN_IDS = 1_000;

function* chunks<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

/**
 * Some users who talk only among themselves, all run by one virtual user: it holds every socket of every conversation it takes part in, each
 * on a node of its own, so it can account for each message from both ends. (Virtual users of k6 share no memory.)
 */
export class Party implements SeatEvents {
  readonly ledger = new Ledger();
  readonly seats: Seat[] = [];
  /** Latencies of messages meant to be sent before this time are not counted. */
  measureFromMs = 0;
  readonly #settings: Settings;
  readonly #run: string;
  readonly #reporter = new FindingsReporter();
  #complaints = 0;
  #localIds = 0;
  readonly #unseen = new Map<Seat, number[]>();

  constructor(settings: Settings, run: string) {
    this.#settings = settings;
    this.#run = run;
  }

  /** Adds a device of a user, which will connect to the `home`th address first. */
  addSeat(userId: number, home: number): Seat {
    const { urls, jwtSecret } = this.#settings;
    const start = home % urls.length;
    const seat = new Seat({
      index: this.seats.length,
      userId,
      urls: [...urls.slice(start), ...urls.slice(0, start)],
      firstFrame: firstFrame(userId, jwtSecret),
      events: this,
    });
    this.seats.push(seat);
    this.#unseen.set(seat, []);
    return seat;
  }

  /** Opens a conversation among the users of the seats; the first seat asks. */
  async open(kind: 'personal' | 'group', seats: readonly Seat[]): Promise<Conversation> {
    const [initiator] = seats;
    if (initiator === undefined) throw new Error('a conversation needs seats');
    const member = [...new Set(seats.map((seat) => seat.userId))];
    this.#localIds++;
    const frame =
      kind === 'personal'
        ? { member, type: 'init_personal' }
        : { member, group_name: `load ${this.#run}`, description: 'k6', type: 'init_group' };
    const id = await initiator.init(this.#localIds, frame);
    const channels = new Map<Seat, number>();
    for (const seat of seats) {
      const others = seats.filter((other) => other !== seat);
      channels.set(seat, this.ledger.openChannel(id, seat, others));
    }
    return { id, kind, channels };
  }

  /** Sends the next message of `seat`, unless it is offline or has too much in flight: then the send is skipped, and counted. */
  say(conversation: Conversation, seat: Seat, intendedMs: number): void {
    const channel = conversation.channels.get(seat);
    if (channel === undefined) throw new Error('this seat is not in the conversation');
    const can = seat.ready && seat.inFlight < this.#settings.maxInFlight;
    skipped.add(!can);
    if (!can) return;
    const number = this.ledger.send(channel);
    const body = encodeBody({ run: this.#run, channel, number, intendedMs }, this.#settings.messageSize);
    seat.send(conversation.kind, conversation.id, body, { channel, number, intendedMs });
  }

  /** Everybody who is online has seen what arrived since the last time (L7). */
  readAll(): void {
    for (const [seat, ids] of this.#unseen) {
      if (!seat.ready) continue;
      for (const some of chunks(ids.splice(0), MAX_SEEN_IDS)) seat.seen(some);
    }
  }

  report(): void {
    this.#reporter.report(this.ledger.findings);
  }

  /** Waits until nothing is unanswered or owed, then a quiet while for late duplicates; closes all and judges. */
  async finish(): Promise<void> {
    const settled = (): boolean => this.seats.every((seat) => seat.inFlight === 0) && this.ledger.outstanding() === 0;
    await waitFor(settled, this.#settings.drainMs);
    await pause(this.#settings.quietMs);
    const unanswered = this.seats.reduce((sum, seat) => sum + seat.inFlight, 0);
    if (unanswered > 0) this.fail(`${unanswered} sends were never answered`);
    for (const seat of this.seats) seat.close();
    this.ledger.close();
    this.report();
  }

  fail(text: string): void {
    failures.add(1);
    this.#complain(text);
  }

  onSignedIn(seat: Seat): void {
    this.ledger.signedIn(seat.index);
  }

  onMessage(seat: Seat, message: ArrivedMessage): void {
    const stamp = decodeBody(message.body);
    if (stamp === null || stamp.run !== this.#run) return;
    const first = this.ledger.receive(seat.index, seat.epoch, message.conversation, stamp, message.messageId);
    this.#unseen.get(seat)?.push(message.messageId);
    if (!first || stamp.intendedMs < this.measureFromMs) return;
    if (stamp.intendedMs < seat.readyAtMs) catchUp.add(message.atMs - seat.readyAtMs);
    else deliveryLatency.add(message.atMs - stamp.intendedMs);
  }

  onAcknowledged(_seat: Seat, send: PendingSend, messageId: number, atMs: number): void {
    this.ledger.acknowledge(send.channel, send.number, messageId);
    if (send.intendedMs >= this.measureFromMs) ackLatency.add(atMs - send.intendedMs);
  }

  onRefused(seat: Seat, send: PendingSend, error: ErrorFrame): void {
    this.ledger.refuse(send.channel, send.number);
    if (!error.temporary) this.fail(`user ${seat.userId}: a send was refused for good: ${error.name}`);
  }

  onUnknown(): void {
    this.ledger.forget();
  }

  onUnexpected(seat: Seat, text: string): void {
    this.fail(`user ${seat.userId}: unexpected frame ${text.slice(0, 200)}`);
  }

  onDisconnected(): void {
    disconnects.add(1);
  }

  #complain(text: string): void {
    this.#complaints++;
    if (this.#complaints <= MAX_COMPLAINTS) console.error(text);
    if (this.#complaints === MAX_COMPLAINTS)
      console.error('(further complaints of this virtual user are counted only)');
  }
}
