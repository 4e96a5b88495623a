// A complete session, as it stands in docs/protocol.md. A test checks each frame against its schema.
import { CLIENT, SERVER } from './frames.mjs';

const client = (frame) => ({ from: 'client', frame });
const server = (frame) => ({ from: 'server', frame });
const AT = '2026-11-23 01:02:03.000004';

export const TRANSCRIPT = [
  'Anna opens the connection and says who she is and what she has: 12 up to message 340, group 31 up to 17.',
  client(CLIENT.hello.examples[0]),
  server(SERVER.welcome.examples[0]),

  'Group 31 has no news. In 12 one message came while she was away. Then the sync is over.',
  server({ type: 'synced', conv_id: 31, kind: 'group', seq: 17, recovered: 0 }),
  server(SERVER.personal.examples[0]),
  server({ type: 'synced', conv_id: 12, kind: 'personal', seq: 341, recovered: 1 }),
  server({ type: 'sync_complete', conversations: 2 }),
  server({
    type: 'status',
    conv_id: 12,
    user_id: 8,
    delivered_seq: 340,
    delivered_at: AT,
    seen_seq: 340,
    seen_at: AT,
  }),

  'Her device has the message; then she reads it.',
  client({ type: 'delivered', conv_id: 12, seq: 341 }),
  client({ type: 'seen', conv_id: 12, seq: 341 }),

  'She answers. The acknowledgement says that it is stored for good.',
  client({ type: 'typing', conv_id: 12 }),
  client({ type: 'personal', conv_id: 12, msg: 'At one?', client_id: 'a1-42', ref: 2 }),
  server({ type: 'ack', ref: 2, conv_id: 12, message_id: 9042, seq: 342, timestamp: AT, client_id: 'a1-42' }),

  'The connection breaks before the next answer comes. After the reconnect she sends it again, and it is not stored twice.',
  client({ type: 'personal', conv_id: 12, msg: 'Or two?', client_id: 'a1-43', ref: 1 }),
  server({
    type: 'ack',
    ref: 1,
    conv_id: 12,
    message_id: 9043,
    seq: 343,
    timestamp: AT,
    client_id: 'a1-43',
    duplicate: true,
  }),

  'Ben has and sees her messages, and she is told.',
  server({
    type: 'status',
    conv_id: 12,
    user_id: 8,
    delivered_seq: 343,
    delivered_at: AT,
    seen_seq: 343,
    seen_at: AT,
  }),

  'She looks further back.',
  client({ type: 'history', conv_id: 12, before: 341, limit: 1, ref: 3 }),
  server({
    type: 'history',
    ref: 3,
    conv_id: 12,
    messages: [{ ...SERVER.personal.examples[0], message_id: 9001, seq: 340, msg: 'Hi', client_id: 'b3-16' }],
    more: true,
  }),

  'She adds somebody to the group. The change has a number in the sequence of the group, and every member gets the event, she too.',
  client({ type: 'group_add', conv_id: 31, user_id: [9, 10], client_id: 'a1-44', ref: 4 }),
  server({ type: 'ack', ref: 4, conv_id: 31, message_id: 9044, seq: 18, timestamp: AT, client_id: 'a1-44' }),
  server({ ...SERVER.event.examples[0], client_id: 'a1-44' }),

  'She makes a mistake.',
  client({ type: 'members', conv_id: 999, ref: 5 }),
  server({
    type: 'error',
    code: 3001,
    name: 'not_a_member',
    message: 'You are not a member of this conversation, or it does not exist.',
    temporary: false,
    ref: 5,
  }),

  'Nothing happens for a while.',
  client({ type: 'ping', ref: 6 }),
  server({ type: 'pong', ref: 6, time: AT }),

  'The token is about to expire.',
  server(SERVER.refresh_needed.examples[0]),
  client({ ...CLIENT.refresh.examples[0], ref: 7 }),
  server({ ...SERVER.refreshed.examples[0], ref: 7 }),

  'The node is about to be replaced; Anna connects to another one 1.73 s later. Had she left herself, she would have said bye.',
  server({ type: 'goaway', reconnect_after_ms: 1730 }),
  client({ type: 'bye' }),
];
