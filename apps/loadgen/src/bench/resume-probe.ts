import { RawClient } from '../wire/raw-client.ts';
import { RESUME_HEAD, type ResumeUser } from './resume-data.ts';

const TIMEOUT_MS = 30_000;

/** A device that has come back and stays. */
export interface Resumed {
  /** From connecting to `sync_complete`. */
  readonly tookMs: number;
  leave(): void;
}

/**
 * Connects as a device that has everything and waits until it is told so. Rejects when the answer is another one than `synced` for each conversation with
 * nothing recovered.
 */
export async function resumeOnce(url: string, user: ResumeUser, epoch: string): Promise<Resumed> {
  const all = [...user.personal, ...user.groups];
  const cursors = Object.fromEntries(all.map((id) => [id, RESUME_HEAD]));
  const who = { user_id: user.userId, device: 'bench', client: 'bench' };
  const hello = { type: 'hello', v: 2, ...who, cursors, groups: user.groups, epoch, status_of: [], ref: 1 };
  const frame = Buffer.from(JSON.stringify(hello));
  const startMs = performance.now();
  const { texts, leave } = await exchange(url, frame, (text) => text.startsWith('{"type":"sync_complete"'));
  const tookMs = performance.now() - startMs;
  const frames = texts.map((text) => JSON.parse(text) as { type: string; recovered?: number; conversations?: number });
  const good = frames.filter(({ type, recovered }) => type === 'synced' && recovered === 0).length;
  const last = frames.at(-1);
  if (good !== all.length || frames.length !== all.length + 2 || last?.conversations !== all.length) {
    throw new Error(
      `user ${user.userId}: ${all.length} conversations, but ${texts.slice(0, 3).join(' ')} … ${texts.at(-1)}`,
    );
  }
  return { tookMs, leave };
}

/** What `welcome` says the store's epoch is. */
export async function epochOf(url: string, userId: number): Promise<string> {
  const hello = Buffer.from(JSON.stringify({ type: 'hello', v: 2, user_id: userId, status_of: [] }));
  const { texts, leave } = await exchange(url, hello, (text) => text.startsWith('{"type":"welcome"'));
  leave();
  return (JSON.parse(texts[0] ?? '{}') as { epoch: string }).epoch;
}

/** Sends one frame and collects what comes until `last`. */
async function exchange(
  url: string,
  frame: Buffer,
  last: (text: string) => boolean,
): Promise<{ texts: readonly string[]; leave: () => void }> {
  const texts: string[] = [];
  let done = (): void => undefined;
  let failed = (_error: Error): void => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    done = resolve;
    failed = reject;
  });
  const timer = setTimeout(() => failed(new Error(`${url}: no end after ${texts.length} frames`)), TIMEOUT_MS);
  const client = await RawClient.open(url, {
    onText: (data, start, end) => {
      const text = data.toString('utf8', start, end);
      texts.push(text);
      if (last(text)) done();
    },
    onClose: (reason) => failed(new Error(`${url}: ${reason}`)),
  });
  try {
    client.send(frame);
    await finished;
    return { texts, leave: () => client.close() };
  } catch (error) {
    client.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
