import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  body,
  FORERUNNER,
  FORERUNNER_PENDING,
  FRIEND,
  fillBacklog,
  PENDING,
  type Prepared,
  READER,
} from './offline-sync/pending.ts';
import { say } from './support/chat.ts';
import type { EdgeProcess } from './support/edge-process.ts';
import type { LegacyClient } from './support/legacy-client.ts';
import { SlowReader } from './support/slow-reader.ts';
import type { StartTarget, Target } from './support/target.ts';
import { startThreeNodes } from './support/target-cluster.ts';
import { startEmbedded } from './support/target-embedded.ts';

const MIB = 1_048_576;
const MAX_GROWTH_BYTES = 32 * MIB;
const STEP_FRAMES = 2_000;
/** The live messages are sent after this many frames. */
const LIVE_AFTER = 20_000;
const LIVE = ['live in private', 'live in the group', 'live once more'];

interface Frame {
  readonly conv_id: number;
  readonly message_id: number;
  readonly msg: string;
  readonly type: string;
}

function offlineSync(name: string, start: StartTarget): void {
  describe(name, () => {
    let target: Target;
    let prepared: Prepared;
    beforeAll(async () => {
      target = await start({
        prepare: async (stores) => {
          prepared = await fillBacklog(stores);
        },
      });
    });
    afterAll(() => target?.stop());

    it('L1 G4 G5 G8: 100,000 pending messages reach a slow client in order, the node grows by less than 32 MiB, and what comes live follows once', async () => {
      const node = target.nodeOf(READER);
      const friend = await target.connect(FRIEND);
      await friend.answered();
      const sentBefore = await warmUp(node);
      const log = new FrameLog(prepared);
      const memory = new Memory(node);
      const reader = await SlowReader.open(node.url, String(READER), (text) => log.take(text));
      let furthestAhead = 0;
      let sentLive = false;
      try {
        while (log.frames < PENDING + LIVE.length) {
          await reader.read(Math.min(STEP_FRAMES, PENDING + LIVE.length - log.frames + (log.greeted ? 0 : 1)));
          furthestAhead = Math.max(furthestAhead, (await stalled(node)) - sentBefore - log.frames);
          memory.sample();
          if (sentLive || log.frames < LIVE_AFTER) continue;
          sentLive = true;
          await sayLive(friend, prepared);
        }
        // Whatever came twice would come before this.
        await say(friend, 'personal', prepared.personal, 'the last');
        await reader.read(1);
        expect(log.texts.slice(PENDING)).toEqual([...LIVE, 'the last']);
        expect(log.problems).toEqual([]);
        // The node did not read ahead of its client: it waited for the socket, page by page.
        expect(furthestAhead).toBeGreaterThan(0);
        expect(furthestAhead).toBeLessThan(PENDING / 2);
        expect(memory.growth, memory.toString()).toBeLessThan(MAX_GROWTH_BYTES);
        reader.readOn();
        await allDelivered(target, prepared);
      } finally {
        reader.drop();
      }
    });
  });
}

/**
 * Lets the node deliver a backlog before it is measured: V8's young generation has then been used from end to end, and the code is compiled.
 * In a node that has just started these two are most of the growth, about 15 MiB, with 5,000 messages pending as with 100,000.
 * @returns how many messages it has sent by now
 */
async function warmUp(node: EdgeProcess): Promise<number> {
  let frames = 0;
  const reader = await SlowReader.open(node.url, String(FORERUNNER), () => frames++);
  try {
    // The greeting is a frame too.
    while (frames <= FORERUNNER_PENDING) {
      await reader.read(Math.min(STEP_FRAMES, FORERUNNER_PENDING + 1 - frames));
      await stalled(node);
    }
  } finally {
    reader.drop();
  }
  return stalled(node);
}

async function sayLive(friend: LegacyClient, { personal, group }: Prepared): Promise<void> {
  await say(friend, 'personal', personal, LIVE[0] as string);
  await say(friend, 'group', group, LIVE[1] as string);
  await say(friend, 'personal', personal, LIVE[2] as string);
}

/** Waits until the node has sent all that the kernel takes while its client is not reading. @returns how many frames those are */
async function stalled(node: EdgeProcess): Promise<number> {
  for (let before = -1; ; ) {
    const now = await node.metric('parley_backlog_messages_total');
    if (now === before) return now;
    before = now;
  }
}

async function allDelivered(target: Target, { conversations }: Prepared): Promise<void> {
  const options = { timeout: 60_000, interval: 250 };
  await expect.poll(() => target.store.notDelivered(READER), options).toBe(0);
  for (const id of conversations.keys()) {
    const { lastSeq } = await target.store.conversation(id);
    await expect.poll(() => target.store.member(id, READER), options).toMatchObject({ deliveredSeq: lastSeq });
  }
}

/** Resident memory over what it was when this was made. */
class Memory {
  readonly #node: EdgeProcess;
  readonly #samples: number[];

  constructor(node: EdgeProcess) {
    this.#node = node;
    this.#samples = [node.rssBytes()];
  }

  sample(): void {
    this.#samples.push(this.#node.rssBytes());
  }

  get growth(): number {
    return Math.max(...this.#samples) - (this.#samples[0] as number);
  }

  /** For a failure: whether it grew once or all the time. */
  toString(): string {
    return `resident MiB, step by step: ${this.#samples.map((bytes) => Math.round(bytes / MIB)).join(' ')}`;
  }
}

/** Checks each frame as it comes: oldest first over all, every conversation 1, 2, 3 … Keeps texts short. */
class FrameLog {
  readonly #prepared: Prepared;
  readonly #counts = new Map<number, number>();
  readonly texts: string[] = [];
  readonly problems: string[] = [];
  #lastId = 0;
  greeted = false;

  constructor(prepared: Prepared) {
    this.#prepared = prepared;
  }

  /** Messages so far. */
  get frames(): number {
    return this.texts.length;
  }

  take(text: string): void {
    if (!this.greeted) {
      this.greeted = true;
      if (text !== `user id ${READER} received`) this.#blame(text);
      return;
    }
    const frame = JSON.parse(text) as Frame;
    const { conv_id, message_id, msg, type } = frame;
    const pending = this.texts.length < PENDING;
    this.texts.push(pending ? '' : msg);
    if (message_id <= this.#lastId) this.#blame(`message ${message_id} behind ${this.#lastId}`);
    this.#lastId = message_id;
    if (type !== this.#prepared.conversations.get(conv_id)) this.#blame(text);
    if (!pending) return;
    const n = (this.#counts.get(conv_id) ?? 0) + 1;
    this.#counts.set(conv_id, n);
    if (msg !== body(n)) this.#blame(`expected ${n} of conversation ${conv_id}, got ${msg.slice(0, 20)}`);
  }

  #blame(problem: string): void {
    if (this.problems.length < 10) this.problems.push(problem.slice(0, 200));
  }
}

offlineSync('an embedded node', startEmbedded);
offlineSync('three nodes', startThreeNodes);
