/**
 * Steady chat: pairs and groups spread over all nodes, a constant rate of messages, every message accounted for.
 * Settings and how to read the numbers: k6/README.md.
 */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { clearInterval, setInterval } from 'k6/timers';
import { judged, summaryTrendStats, thresholds } from '../lib/metrics.ts';
import { pace } from '../lib/pacer.ts';
import { type Conversation, Party } from '../lib/party.ts';
import type { Seat } from '../lib/seat.ts';
import { readSettings } from '../lib/settings.ts';
import { within } from '../lib/wait.ts';

const settings = readSettings(__ENV);
const LONGEST_MS = settings.setupMs + settings.durationMs + settings.drainMs + settings.quietMs + 30_000;

export const options: Options = {
  scenarios: {
    chat_steady: {
      executor: 'per-vu-iterations',
      vus: settings.vus,
      iterations: 1,
      maxDuration: `${Math.ceil(LONGEST_MS / 1_000)}s`,
    },
  },
  thresholds: thresholds(settings, settings.vus),
  summaryTrendStats,
};

export function setup(): { run: string } {
  return { run: Date.now().toString(36) + Math.random().toString(36).slice(2, 8) };
}

export default async function chatSteady({ run }: { run: string }): Promise<void> {
  const own = exec.vu.idInTest - 1;
  const party = new Party(settings, `${run}-${own}`);
  party.report();
  const reporting = setInterval(() => party.report(), 1_000);
  const talk = assemble(party, own);
  if (await within(talk.opened, settings.setupMs)) {
    const startMs = Date.now();
    party.measureFromMs = startMs + settings.warmupMs;
    let turn = 0;
    await pace({
      ratePerSecond: settings.rate * (talk.senders() / totalSenders()),
      startMs,
      durationMs: settings.durationMs,
      event: (intendedMs) => {
        talk.say(turn, intendedMs);
        turn++;
      },
    });
  } else {
    const offline = party.seats.filter((seat) => !seat.ready).length;
    party.fail(`not ready after ${settings.setupMs} ms: ${offline} of ${party.seats.length} users are not signed in`);
  }
  await party.finish();
  clearInterval(reporting);
  judged.add(1);
}

interface Talk {
  /** Everybody is signed in and every conversation is open. */
  readonly opened: Promise<void>;
  senders(): number;
  say(turn: number, intendedMs: number): void;
}

/** Everybody sends, in turn. */
function assemble(party: Party, own: number): Talk {
  const turns: { conversation: Conversation; seat: Seat }[] = [];
  const open = async (kind: 'personal' | 'group', firstUser: number, size: number, home: number): Promise<void> => {
    const seats: Seat[] = [];
    for (let i = 0; i < size; i++) seats.push(party.addSeat(firstUser + i, home + i));
    await Promise.all(seats.map((seat) => seat.connect()));
    const conversation = await party.open(kind, seats);
    for (const seat of seats) turns.push({ conversation, seat });
  };
  const opening: Promise<void>[] = [];
  const { pairs, groups, groupSize, userBase, vus } = settings;
  for (let i = own; i < pairs + groups; i += vus) {
    if (i < pairs) opening.push(open('personal', userBase + 2 * i, 2, i));
    else opening.push(open('group', userBase + 2 * pairs + groupSize * (i - pairs), groupSize, i));
  }
  return {
    opened: Promise.all(opening).then(() => undefined),
    senders: () => turns.length,
    say: (turn, intendedMs) => {
      const next = turns[turn % turns.length];
      if (next !== undefined) party.say(next.conversation, next.seat, intendedMs);
    },
  };
}

function totalSenders(): number {
  return 2 * settings.pairs + settings.groupSize * settings.groups;
}
