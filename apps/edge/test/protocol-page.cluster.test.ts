import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { EdgeProcess } from './support/edge-process.ts';
import { eventually } from './support/eventually.ts';
import { TEST_SETTINGS } from './support/target.ts';

type Frame = Readonly<Record<string, unknown>>;
interface Chat {
  send(type: string, conversationId: number, msg: string): string;
  request(frame: Frame): void;
  close(): void;
}
type OpenChat = (options: {
  url: string;
  identity: { user_id: number };
  onFrame: (frame: Frame) => void;
  WebSocket: typeof BalancedWebSocket;
}) => Chat;

const PAGE = new URL('../../../docs/protocol.md', import.meta.url);
const SENDS = 20;

let folder: string;
let node: EdgeProcess | undefined;
let openChat: OpenChat;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  const sample = blocks.find((code) => code?.includes('export function openChat'));
  if (sample === undefined) throw new Error('docs/protocol.md shows no client');
  const file = join(folder, 'client.mjs');
  writeFileSync(file, sample);
  ({ openChat } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { openChat: OpenChat });
  node = await startNode();
});

afterAll(async () => {
  await node?.stop();
  rmSync(folder, { recursive: true });
});

const startNode = (): Promise<EdgeProcess> =>
  EdgeProcess.start({ ...TEST_SETTINGS, PARLEY_DATA_DIR: join(folder, 'data') });

/** Leads to the node that is there now, as a balancer would. */
class BalancedWebSocket extends WebSocket {
  constructor() {
    super(node?.url ?? 'ws://127.0.0.1:9');
  }
}

/** The client of the page, with all that it was told. */
function open(userId: number): { chat: Chat; fromOther: () => unknown[]; of: (type: string) => Frame[] } {
  const frames: Frame[] = [];
  const onFrame = (frame: Frame): void => void frames.push(frame);
  const chat = openChat({ url: 'ws://balancer', identity: { user_id: userId }, onFrame, WebSocket: BalancedWebSocket });
  const of = (type: string): Frame[] => frames.filter((frame) => frame.type === type);
  // Own messages whose answer got lost come as well, after the reconnect.
  const fromOther = (): unknown[] =>
    of('personal')
      .filter(({ sender_id }) => sender_id !== userId)
      .map(({ msg }) => msg);
  return { chat, fromOther, of };
}

test('G3, G4, G5: the client that docs/protocol.md shows loses, doubles and reorders nothing when its node is killed', async () => {
  const anna = open(7);
  const ben = open(8);
  await eventually('both to be in', () => anna.of('sync_complete').length + ben.of('sync_complete').length === 2);
  anna.chat.request({ type: 'init_personal', member: [7, 8], client_id: 'first', ref: 1 });
  await eventually('the conversation', () => anna.of('conversation_ready').length === 1);
  const conversationId = anna.of('conversation_ready')[0]?.conv_id as number;

  const words = (who: string, from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `${who} ${from + index}`);
  for (const text of words('anna', 0, SENDS)) anna.chat.send('personal', conversationId, text);
  for (const text of words('ben', 0, SENDS)) ben.chat.send('personal', conversationId, text);
  await eventually('the first messages', () => anna.fromOther().length > 0 && ben.fromOther().length > 0);

  await node?.kill();
  for (const text of words('anna', SENDS, 2 * SENDS)) anna.chat.send('personal', conversationId, text);
  for (const text of words('ben', SENDS, 2 * SENDS)) ben.chat.send('personal', conversationId, text);
  node = await startNode();

  const all = 2 * SENDS;
  await eventually('everything to arrive', () => anna.fromOther().length >= all && ben.fromOther().length >= all, {
    status: () => `anna has ${anna.fromOther().length}, ben ${ben.fromOther().length} of ${all}`,
  });
  anna.chat.request({ type: 'history', conv_id: conversationId, limit: 200, ref: 'all' });
  await eventually('the history', () => anna.of('history').length === 1);
  anna.chat.close();
  ben.chat.close();

  const stored = anna.of('history')[0]?.messages as { sender_id: number; msg: string }[];
  expect(stored.filter(({ sender_id }) => sender_id === 7).map(({ msg }) => msg)).toEqual(words('anna', 0, all));
  expect(stored.filter(({ sender_id }) => sender_id === 8).map(({ msg }) => msg)).toEqual(words('ben', 0, all));
  expect(anna.fromOther()).toEqual(words('ben', 0, all));
  expect(ben.fromOther()).toEqual(words('anna', 0, all));
});
