import { type Findings, noFindings } from './findings.ts';

/** One device of one user. */
export interface Device {
  readonly index: number;
  readonly userId: number;
}

/** What one seat (one device of one user) has received of one channel. */
interface Track {
  readonly userId: number;
  /** Highest number ever received. */
  highest: number;
  /** Numbers below `highest` that have not been received. */
  readonly missing: Set<number>;
  /**
   * Of a user with several devices: numbers not received that were sent before this seat was signed in. The user is owed them, this seat is not:
   * a device that was away gets only what has reached none of its user's other devices, and nothing that its user has sent.
   */
  readonly elsewhere: Set<number>;
  /** Connection that `highestHere` belongs to. */
  epoch: number;
  /** Highest number received on the present connection. */
  highestHere: number;
}

/** One sender's messages to one conversation: numbered 1, 2, 3 … */
interface Channel {
  readonly conversation: number;
  readonly senderId: number;
  readonly tracks: Map<number, Track>;
  sent: number;
  acknowledged: number;
  /** Sent and unanswered, answered with an error, or of unknown outcome: no receiver is owed them. */
  readonly notOwed: Set<number>;
  readonly refused: Set<number>;
  /** message id by number; from whichever of acknowledgement and delivery came first. */
  readonly ids: (number | undefined)[];
}

/** Highest message id per (seat, conversation) on the present connection. */
interface Position {
  epoch: number;
  id: number;
}

/**
 * Judges a run. It knows who sent what to whom, is told what arrived where, and counts what is wrong. It stays correct when
 * connections break: what was not acknowledged is owed to nobody, and what comes again on a new connection is a redelivery.
 *
 * One ledger sees both ends of its conversations, so it can tell a lost message without asking anyone. Memory per message: one
 * number; all else is bounded by what is missing or unanswered.
 */
export class Ledger {
  readonly findings: Findings = noFindings();
  readonly #channels: Channel[] = [];
  readonly #positions = new Map<string, Position>();

  /** Opens the channel of one sender to one conversation; every message is owed to each of `receivers`. Returns its number. */
  openChannel(conversation: number, sender: Device, receivers: readonly Device[]): number {
    const tracks = new Map<number, Track>();
    for (const { index, userId } of receivers) {
      tracks.set(index, {
        userId,
        highest: 0,
        missing: new Set(),
        elsewhere: new Set(),
        epoch: 0,
        highestHere: 0,
      });
    }
    this.#channels.push({
      conversation,
      senderId: sender.userId,
      tracks,
      sent: 0,
      acknowledged: 0,
      notOwed: new Set(),
      refused: new Set(),
      ids: [],
    });
    return this.#channels.length - 1;
  }

  /** Numbers the next message of a channel. */
  send(channelIndex: number): number {
    const channel = this.#channel(channelIndex);
    channel.sent++;
    channel.notOwed.add(channel.sent);
    this.findings.sent++;
    return channel.sent;
  }

  acknowledge(channelIndex: number, number: number, messageId: number): void {
    const channel = this.#channel(channelIndex);
    channel.notOwed.delete(number);
    channel.acknowledged++;
    this.findings.acknowledged++;
    const known = channel.ids[number];
    if (known === undefined) channel.ids[number] = messageId;
    else if (known !== messageId) this.findings.mismatched++;
  }

  /** The server answered the send with a temporary error: nothing is stored. */
  refuse(channelIndex: number, number: number): void {
    const channel = this.#channel(channelIndex);
    this.findings.refused++;
    channel.refused.add(number);
    if (channel.ids[number] !== undefined) this.findings.phantom++;
  }

  /** The connection went before the answer. */
  forget(): void {
    this.findings.unknown++;
  }

  /** A seat has signed in, for the first time or again. */
  signedIn(seat: number): void {
    for (const channel of this.#channels) {
      const track = channel.tracks.get(seat);
      if (track === undefined || !hasOtherDevices(channel, track)) continue;
      for (const number of track.missing) track.elsewhere.add(number);
      track.missing.clear();
      while (track.highest < channel.sent) track.elsewhere.add(++track.highest);
    }
  }

  /**
   * A message arrived at `seat` on its connection number `epoch` (1, 2, 3 …).
   * @returns whether it is the first time that this seat gets it
   */
  receive(
    seat: number,
    epoch: number,
    conversation: number,
    stamp: { channel: number; number: number },
    messageId: number,
  ): boolean {
    const channel = this.#channels[stamp.channel];
    const track = channel?.tracks.get(seat);
    const { number } = stamp;
    if (
      channel === undefined ||
      track === undefined ||
      channel.conversation !== conversation ||
      number > channel.sent
    ) {
      this.findings.phantom++;
      return false;
    }
    if (channel.refused.has(number)) this.findings.phantom++;
    if (track.epoch !== epoch) {
      track.epoch = epoch;
      track.highestHere = 0;
    }
    const first = this.#take(track, number);
    const known = channel.ids[number];
    const stale = number <= track.highestHere;
    const backwards = this.#position(seat, epoch, conversation, messageId);
    if (known !== undefined && known !== messageId) {
      // The same body under another id: stored twice when it had come before, else the acknowledgement named a wrong one.
      if (first) this.findings.mismatched++;
      else this.findings.duplicated++;
    } else {
      channel.ids[number] = messageId;
      if (!first && stale) this.findings.duplicated++;
      else if (stale || backwards) this.findings.outOfOrder++;
      if (!first && !stale) this.findings.redelivered++;
    }
    if (number > track.highestHere) track.highestHere = number;
    if (first) this.findings.delivered++;
    return first;
  }

  /** Acknowledged messages that some receiver still has to get, counted per receiver: 0 when the run is complete. */
  outstanding(): number {
    let count = 0;
    for (const channel of this.#channels) {
      for (const track of channel.tracks.values()) count += owed(channel, track);
    }
    return count;
  }

  /** Ends the run: what is outstanding now is lost. */
  close(): Findings {
    this.findings.lost += this.outstanding();
    return this.findings;
  }

  #channel(index: number): Channel {
    const channel = this.#channels[index];
    if (channel === undefined) throw new Error(`no channel ${index}`);
    return channel;
  }

  #take(track: Track, number: number): boolean {
    if (number <= track.highest) return track.missing.delete(number) || track.elsewhere.delete(number);
    for (let skipped = track.highest + 1; skipped < number; skipped++) track.missing.add(skipped);
    track.highest = number;
    return true;
  }

  /** Ids of one conversation ascend in commit order, so all members see one order exactly when they ascend on every connection. */
  #position(seat: number, epoch: number, conversation: number, messageId: number): boolean {
    const key = `${seat} ${conversation}`;
    const position = this.#positions.get(key);
    if (position === undefined || position.epoch !== epoch) {
      this.#positions.set(key, { epoch, id: messageId });
      return false;
    }
    if (messageId <= position.id) return messageId < position.id;
    position.id = messageId;
    return false;
  }
}

function hasOtherDevices(channel: Channel, track: Track): boolean {
  if (channel.senderId === track.userId) return true;
  for (const other of channel.tracks.values()) if (other !== track && other.userId === track.userId) return true;
  return false;
}

function owed(channel: Channel, track: Track): number {
  let count = channel.sent - track.highest + track.missing.size;
  for (const number of channel.notOwed) {
    if (number > track.highest || track.missing.has(number)) count--;
  }
  if (channel.senderId === track.userId) return count;
  for (const number of track.elsewhere) {
    if (!channel.notOwed.has(number) && !hasReached(channel, track.userId, number)) count++;
  }
  return count;
}

function hasReached(channel: Channel, userId: number, number: number): boolean {
  for (const track of channel.tracks.values()) {
    if (track.userId !== userId || number > track.highest) continue;
    if (!track.missing.has(number) && !track.elsewhere.has(number)) return true;
  }
  return false;
}
