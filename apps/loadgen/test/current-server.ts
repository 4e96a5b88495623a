import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a broken server does once, at the message of this number. */
export type CurrentFault = 'none' | 'swapped refs' | 'old seq' | 'other id' | 'double ack' | 'status back';

interface Frame {
  readonly type: string;
  readonly user_id: number;
  readonly member: readonly number[];
  readonly conv_id: number;
  readonly msg: string;
  readonly client_id: string;
  readonly seq: number;
  readonly ref: number | string;
}

interface Conversation {
  readonly members: readonly number[];
  seq: number;
}

/** A server of the current protocol in memory, as far as the driver speaks it: to hold the driver's checks to account, not a client. */
export async function startCurrentServer(
  fault: CurrentFault,
  faultAt: number,
): Promise<{ url: string; stop(): Promise<void>; receipts(): number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const sockets = new Map<number, WebSocket>();
  const conversations: Conversation[] = [];
  let [lastId, sent, receipts] = [0, 0, 0];
  /** The answer that waits for the next, to change refs with it. */
  let held: { socket: WebSocket; ref: number | string; rest: object } | null = null;
  server.on('connection', (socket) => {
    let userId = 0;
    const say = (to: WebSocket | undefined, frame: object): void => to?.send(JSON.stringify(frame));
    const acknowledge = (ref: number | string, rest: object): void => {
      if (fault === 'swapped refs' && sent === faultAt) {
        held = { socket, ref, rest };
        return;
      }
      // Only between two sends of one client do the refs mean anything.
      if (held !== null && held.socket === socket) {
        say(socket, { type: 'ack', ref: held.ref, ...rest });
        say(socket, { type: 'ack', ref, ...held.rest });
        held = null;
        return;
      }
      say(socket, { type: 'ack', ref, ...rest });
      if (fault === 'double ack' && sent === faultAt) say(socket, { type: 'ack', ref, ...rest });
    };
    const onSend = ({ type, conv_id, msg, client_id, ref }: Frame): void => {
      const conversation = conversations[conv_id - 1];
      if (conversation === undefined) return;
      sent++;
      const [message_id, seq] = [++lastId, ++conversation.seq];
      const fields = { conv_id, message_id, seq, timestamp: '2026-01-01 00:00:00.000000', client_id };
      acknowledge(
        ref,
        fault === 'other id' && sent === faultAt ? { ...fields, message_id: message_id + 1_000_000 } : fields,
      );
      const told = fault === 'old seq' && sent === faultAt ? 1 : seq;
      const sender = { sender: 'User', timestamp: fields.timestamp, type, seq: told, sender_id: userId, client_id };
      for (const member of conversation.members) {
        if (member !== userId) say(sockets.get(member), { conv_id, message_id, msg, ...sender });
      }
    };
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      switch (frame.type) {
        case 'hello':
          userId = frame.user_id;
          sockets.set(userId, socket);
          say(socket, { type: 'welcome', v: 2 });
          say(socket, { type: 'sync_complete', conversations: 0 });
          break;
        case 'init_personal':
        case 'init_group':
          conversations.push({ members: frame.member, seq: 0 });
          say(socket, { type: 'conversation_ready', ref: frame.ref, conv_id: conversations.length, created: true });
          break;
        case 'delivered': {
          receipts++;
          say(socket, { type: 'ok', ref: frame.ref });
          const back = fault === 'status back' && receipts === faultAt;
          const status = { conv_id: frame.conv_id, user_id: userId, delivered_seq: frame.seq, seen_seq: 0 };
          for (const member of conversations[frame.conv_id - 1]?.members ?? []) {
            if (member === userId) continue;
            say(sockets.get(member), { type: 'status', ...status });
            if (back) say(sockets.get(member), { type: 'status', ...status, delivered_seq: frame.seq - 1 });
          }
          break;
        }
        default:
          onSend(frame);
      }
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    receipts: () => receipts,
    stop: () => {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
