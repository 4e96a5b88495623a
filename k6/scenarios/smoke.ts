/**
 * Smoke: does a deployment carry an old client's conversations? Half a minute at most, one virtual user, seven users: a pair, a group of
 * three with a second device, someone who is offline. Every message accounted for. Settings: k6/README.md.
 */
import type { Options } from 'k6/options';
import { judged, summaryTrendStats, thresholds } from '../lib/metrics.ts';
import { pace } from '../lib/pacer.ts';
import { type Conversation, Party } from '../lib/party.ts';
import type { Seat } from '../lib/seat.ts';
import { readSettings } from '../lib/settings.ts';
import { within } from '../lib/wait.ts';

const settings = readSettings({ DRAIN: '10s', SETUP: '10s', ...__ENV });
const RATE = 50;
const TALK_MS = 2_000;

export const options: Options = {
  scenarios: {
    smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '2m' },
  },
  thresholds: thresholds(settings, 1),
  summaryTrendStats,
};

export default async function smoke(): Promise<void> {
  const party = new Party(settings, Date.now().toString(36) + Math.random().toString(36).slice(2, 8));
  party.report();
  if (!(await within(play(party), 3 * settings.setupMs + 2 * TALK_MS))) {
    const offline = party.seats.filter((seat) => !seat.ready).map((seat) => seat.userId);
    party.fail(`stuck; users not signed in: ${offline.join(', ') || 'none'}`);
  }
  await party.finish();
  judged.add(1);
}

async function play(party: Party): Promise<void> {
  const { userBase } = settings;
  const seat = (user: number, home: number): Seat => party.addSeat(userBase + user, home);
  const pair = [seat(0, 0), seat(1, 1)];
  const group = [seat(2, 0), seat(3, 1), seat(4, 2), seat(2, 2)];
  const sleeper = seat(5, 1);
  const waker = seat(6, 2);
  await Promise.all(party.seats.map((each) => each.connect()));
  const conversations = [
    { conversation: await party.open('personal', pair), seats: pair },
    { conversation: await party.open('group', group), seats: group },
  ];
  const night = await party.open('personal', [waker, sleeper]);

  // The sleeper misses everything that the waker says, and gets it on the next connect (L1), while the others talk.
  sleeper.close();
  let turn = 0;
  await talk((intendedMs) => {
    turn++;
    for (const { conversation, seats } of conversations) {
      const speaker = seats[turn % seats.length];
      if (speaker !== undefined) party.say(conversation, speaker, intendedMs);
    }
    party.say(night, waker, intendedMs);
  });
  party.readAll();
  await sleeper.connect();
  await talk((intendedMs) => both(party, night, [waker, sleeper], intendedMs));
  party.readAll();
}

const talk = (event: (intendedMs: number) => void): Promise<void> =>
  pace({ ratePerSecond: RATE, startMs: Date.now(), durationMs: TALK_MS, event });

function both(party: Party, conversation: Conversation, seats: readonly Seat[], intendedMs: number): void {
  for (const seat of seats) party.say(conversation, seat, intendedMs);
}
