// A chat in the terminal: node chat.mjs <my user id> <the other's user id> [ws://host:port]
//
// Type a line to send it. What could not be sent yet is kept in a file, and sent when the server is back or at the next start.
import { createInterface } from 'node:readline';
import { createChatClient } from '@parley/client';
import { fileStorage } from '@parley/client/file';
import { WebSocket } from 'ws';

const [me, other] = process.argv.slice(2, 4).map(Number);
const url = process.argv[4] ?? 'ws://localhost:3128';
if (!(me > 0 && other > 0)) {
  console.error('node chat.mjs <my user id> <the other’s user id> [ws://host:port]');
  process.exit(2);
}

const client = createChatClient({
  url,
  userId: me,
  webSocket: WebSocket,
  storage: fileStorage(`outbox-${me}.jsonl`),
});
client.on('state', (state) => console.log(`* ${state.status} ${state.detail ?? ''}`.trimEnd()));
client.on('error', (error) => console.log(`* ${error.message}`));
client.on('message', (message, conversation) => {
  if (message.senderId === me) return;
  console.log(`${message.senderName}: ${message.text}`);
  conversation.markSeen(message.seq);
});
client.on('send', (handle) => {
  if (handle.status !== 'queued') console.log(`* ${handle.status}: ${handle.text}`);
});

const lines = createInterface({ input: process.stdin });
const conversation = await client.openPersonal(other);
console.log(`* conversation ${conversation.id}`);
for await (const line of lines) {
  if (line.trim() !== '') conversation.send(line);
}
// The end of the input: what is on its way still gets its answer.
for (const handle of conversation.pending) await handle.settled;
await client.close();
