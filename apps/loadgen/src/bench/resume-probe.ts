import { RawClient } from '../wire/raw-client.ts';
import { RESUME_HEAD, type ResumeUser } from './resume-data.ts';

const TIMEOUT_MS = 30_000;

/**
 * Connects as a device that has everything, waits until it is told so, and leaves. Resolves to the time from the first byte to `sync_complete`, in ms; rejects
 * when the answer is another one than `synced` for each conversation with nothing recovered.
 */
export async function resumeOnce(url: string, user: ResumeUser, epoch: string): Promise<number> {
  const all = [...user.personal, ...user.groups];
  const cursors = Object.fromEntries(all.map((id) => [id, RESUME_HEAD]));
  const who = { user_id: user.userId, device: 'bench', client: 'bench' };
  const hello = { type: 'hello', v: 2, ...who, cursors, groups: user.groups, epoch, status_of: [], ref: 1 };
  const frame = Buffer.from(JSON.stringify(hello));
  const startMs = performance.now();
  const texts = await exchange(url, frame, (text) => text.startsWith('{"type":"sync_complete"'));
  const tookMs = performance.now() - startMs;
  const frames = texts.map((text) => JSON.parse(text) as { type: string; recovered?: number; conversations?: number });
  const good = frames.filter(({ type, recovered }) => type === 'synced' && recovered === 0).length;
  const last = frames.at(-1);
  if (good !== all.length || frames.length !== all.length + 2 || last?.conversations !== all.length) {
    throw new Error(
      `user ${user.userId}: ${all.length} conversations, but ${texts.slice(0, 3).join(' ')} … ${texts.at(-1)}`,
    );
  }
  return tookMs;
}

/** What `welcome` says the store's epoch is. */
export async function epochOf(url: string, userId: number): Promise<string> {
  const hello = Buffer.from(JSON.stringify({ type: 'hello', v: 2, user_id: userId, status_of: [] }));
  const [welcome = '{}'] = await exchange(url, hello, (text) => text.startsWith('{"type":"welcome"'));
  return (JSON.parse(welcome) as { epoch: string }).epoch;
}

/** Sends one frame and collects what comes until `last`; resolves when the connection is closed. */
async function exchange(url: string, frame: Buffer, last: (text: string) => boolean): Promise<string[]> {
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
    return texts;
  } finally {
    clearTimeout(timer);
    client.close();
  }
}
