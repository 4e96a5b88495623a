// What the schemas do not say: the order in which frames are told of, which answer a request gets, and an example of each.
// Everything else about a frame is in its schema.

export const USER = 7;
const DEVICE = 'anna-phone';
const AT = '2026-11-23 01:02:03.000004';

const message = {
  conv_id: 12,
  message_id: 9041,
  msg: 'Lunch?',
  sender: 'Ben Okri',
  timestamp: AT,
  type: 'personal',
  seq: 341,
  sender_id: 8,
  client_id: 'b3-17',
};
const event = {
  type: 'event',
  conv_id: 31,
  message_id: 9044,
  seq: 18,
  sender: 'Anna Lind',
  sender_id: 7,
  client_id: 'a1-43',
  timestamp: AT,
  event: { kind: 'added', user_id: [9, 10] },
};

/**
 * Client frames by type. `answer`: type of the frame that answers it. A `notice` is answered with ok, and only when it
 * carries a ref.
 */
export const CLIENT = {
  hello: {
    answer: 'welcome',
    examples: [
      {
        type: 'hello',
        v: 2,
        minor: 0,
        token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl',
        device: DEVICE,
        client: 'stranger/1.0',
        cursors: { 12: 340, 31: 17 },
        groups: [31],
        epoch: '5f1c0e',
        status_of: [12],
        ref: 1,
      },
    ],
  },
  personal: {
    answer: 'ack',
    examples: [{ type: 'personal', conv_id: 12, msg: 'At one?', client_id: 'a1-42', ref: 2 }],
  },
  group: { answer: 'ack', examples: [{ type: 'group', conv_id: 31, msg: 'Hello all', client_id: 'a1-44', ref: 3 }] },
  init_personal: {
    answer: 'conversation_ready',
    examples: [{ type: 'init_personal', member: [7, 8], conv_id: 5, client_id: 'a1-40', ref: 4 }],
  },
  init_group: {
    answer: 'conversation_ready',
    examples: [
      {
        type: 'init_group',
        member: [7, 8, 9],
        group_name: 'Livescore',
        description: 'A research group',
        history: true,
        conv_id: 'new-1',
        client_id: 'a1-41',
        ref: 5,
      },
    ],
  },
  delivered: { answer: 'ok', notice: true, examples: [{ type: 'delivered', conv_id: 12, seq: 341 }] },
  seen: {
    answer: 'ok',
    notice: true,
    examples: [
      { type: 'seen', conv_id: 12, seq: 341 },
      { type: 'seen', message_id: [9041, 9042], ref: 6 },
    ],
  },
  conversations: { answer: 'conversations', examples: [{ type: 'conversations', after: 0, limit: 20, ref: 7 }] },
  history: { answer: 'history', examples: [{ type: 'history', conv_id: 12, before: 300, limit: 50, ref: 8 }] },
  members: { answer: 'members', examples: [{ type: 'members', conv_id: 31, ref: 9 }] },
  message_status: { answer: 'message_status', examples: [{ type: 'message_status', message_id: 9041, ref: 10 }] },
  typing: { answer: 'ok', notice: true, examples: [{ type: 'typing', conv_id: 12 }] },
  presence: { answer: 'presence', examples: [{ type: 'presence', user_id: [8, 9], ref: 11 }] },
  watch: { answer: 'presence', examples: [{ type: 'watch', user_id: [8], ref: 12 }] },
  unwatch: { answer: 'ok', notice: true, examples: [{ type: 'unwatch', user_id: [8] }] },
  group_add: {
    answer: 'ack',
    examples: [{ type: 'group_add', conv_id: 31, user_id: [9, 10], client_id: 'a1-43', ref: 13 }],
  },
  group_remove: {
    answer: 'ack',
    examples: [{ type: 'group_remove', conv_id: 31, user_id: 10, client_id: 'a1-45', ref: 14 }],
  },
  group_leave: { answer: 'ack', examples: [{ type: 'group_leave', conv_id: 31, client_id: 'a1-46', ref: 15 }] },
  group_rename: {
    answer: 'ack',
    examples: [{ type: 'group_rename', conv_id: 31, group_name: 'Scores', client_id: 'a1-47', ref: 16 }],
  },
  group_describe: {
    answer: 'ack',
    examples: [{ type: 'group_describe', conv_id: 31, description: '', client_id: 'a1-48', ref: 17 }],
  },
  group_role: {
    answer: 'ack',
    examples: [{ type: 'group_role', conv_id: 31, user_id: 9, role: 'admin', client_id: 'a1-49', ref: 18 }],
  },
  group_transfer: {
    answer: 'ack',
    examples: [{ type: 'group_transfer', conv_id: 31, user_id: 9, client_id: 'a1-50', ref: 19 }],
  },
  block: { answer: 'ok', examples: [{ type: 'block', user_id: 11, ref: 20 }] },
  unblock: { answer: 'ok', examples: [{ type: 'unblock', user_id: 11, ref: 21 }] },
  refresh: {
    answer: 'refreshed',
    examples: [{ type: 'refresh', token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.bmV3ZXI', ref: 22 }],
  },
  ping: { answer: 'pong', examples: [{ type: 'ping', ref: 23 }] },
  bye: { answer: 'ok', notice: true, examples: [{ type: 'bye' }] },
};

/** Server frames by type, with examples. */
export const SERVER = {
  welcome: {
    examples: [
      {
        type: 'welcome',
        ref: 1,
        v: 2,
        minor: 0,
        user_id: USER,
        name: 'Anna Lind',
        node: 'edge-2',
        session: 'edge-2.118',
        device: DEVICE,
        heartbeat_ms: 25_000,
        epoch: '5f1c0e',
        time: AT,
        token_expires_at: '2026-11-23 02:00:00.000000',
        limits: {
          max_message_bytes: 65_535,
          max_frame_bytes: 1_310_720,
          max_group_members: 1_000,
          max_group_name_bytes: 255,
          max_description_bytes: 4_096,
          max_seen_ids: 10_000,
          max_in_flight: 256,
          max_watches: 1_000,
          max_client_id_chars: 64,
          max_cursors: 10_000,
          max_history: 200,
          max_conversations: 100,
        },
      },
    ],
  },
  personal: { examples: [message] },
  group: { examples: [{ ...message, conv_id: 31, message_id: 9043, type: 'group', seq: 17, client_id: '~x4.2.9' }] },
  event: {
    examples: [
      event,
      { ...event, seq: 19, event: { kind: 'removed', user_id: 10 } },
      { ...event, seq: 20, event: { kind: 'left', user_id: 9 } },
      { ...event, seq: 21, event: { kind: 'renamed', group_name: 'Scores' } },
      { ...event, seq: 22, event: { kind: 'described', description: '' } },
      { ...event, seq: 23, event: { kind: 'role', user_id: 9, role: 'admin' } },
      { ...event, seq: 24, event: { kind: 'transferred', user_id: 9, from: 7 } },
    ],
  },
  ack: {
    examples: [
      { type: 'ack', ref: 2, conv_id: 12, message_id: 9042, seq: 342, timestamp: AT, client_id: 'a1-42' },
      {
        type: 'ack',
        ref: 24,
        conv_id: 12,
        message_id: 9042,
        seq: 342,
        timestamp: AT,
        client_id: 'a1-42',
        duplicate: true,
      },
    ],
  },
  conversation_ready: {
    examples: [
      { type: 'conversation_ready', ref: 5, conv_id: 31, kind: 'group', local_conv_id: 'new-1', created: true },
    ],
  },
  ok: { examples: [{ type: 'ok', ref: 6 }] },
  error: {
    examples: [
      {
        type: 'error',
        code: 1002,
        name: 'invalid_frame',
        message: 'conv_id: send a positive integer.',
        temporary: false,
        ref: 2,
      },
      {
        type: 'error',
        code: 4005,
        name: 'rate_limited',
        message: 'Send fewer of these; try again a little later.',
        temporary: true,
        retry_after_ms: 1800,
      },
    ],
  },
  synced: { examples: [{ type: 'synced', conv_id: 12, kind: 'personal', seq: 341, recovered: 1 }] },
  reset: { examples: [{ type: 'reset', conv_id: 31, kind: 'group', seq: 4, reason: 'ahead' }] },
  sync_complete: { examples: [{ type: 'sync_complete', conversations: 2 }] },
  status: {
    examples: [
      {
        type: 'status',
        conv_id: 12,
        user_id: 8,
        delivered_seq: 342,
        delivered_at: AT,
        seen_seq: 340,
        seen_at: '2026-11-23 01:01:59.120000',
        message_id: [9042],
      },
    ],
  },
  conversations: {
    examples: [
      {
        type: 'conversations',
        ref: 7,
        conversations: [
          {
            conv_id: 12,
            kind: 'personal',
            peer: { user_id: 8, name: 'Ben Okri', blocked: false },
            members: 2,
            role: 'member',
            seq: 341,
            first_seq: 1,
            unread: 1,
            delivered_seq: 341,
            seen_seq: 340,
            history: false,
            last: message,
            left: false,
          },
          {
            conv_id: 31,
            kind: 'group',
            group_name: 'Livescore',
            description: 'A research group',
            members: 5,
            role: 'owner',
            seq: 18,
            first_seq: 1,
            unread: 0,
            delivered_seq: 18,
            seen_seq: 18,
            history: true,
            last: event,
            left: false,
          },
        ],
        next: null,
      },
    ],
  },
  history: { examples: [{ type: 'history', ref: 8, conv_id: 12, messages: [message], more: true }] },
  members: {
    examples: [
      {
        type: 'members',
        ref: 9,
        conv_id: 31,
        members: [{ user_id: 7, name: 'Anna Lind', role: 'owner', delivered_seq: 18, seen_seq: 18 }],
        next: null,
      },
    ],
  },
  message_status: {
    examples: [
      {
        type: 'message_status',
        ref: 10,
        message_id: 9041,
        conv_id: 12,
        seq: 341,
        users: [{ user_id: 7, status: 'delivered', delivered_at: AT, seen_at: null }],
      },
    ],
  },
  typing: { examples: [{ type: 'typing', conv_id: 12, user_id: 8, active: true }] },
  presence: {
    examples: [
      { type: 'presence', ref: 11, users: [{ user_id: 8, online: false, last_seen: '2026-11-23 00:40:00.000000' }] },
      { type: 'presence', users: [{ user_id: 8, online: true, last_seen: null }] },
    ],
  },
  refresh_needed: { examples: [{ type: 'refresh_needed', expires_at: '2026-11-23 02:00:00.000000' }] },
  refreshed: { examples: [{ type: 'refreshed', ref: 22, expires_at: '2026-11-23 03:00:00.000000' }] },
  pong: { examples: [{ type: 'pong', ref: 23, time: AT }] },
  goaway: { examples: [{ type: 'goaway', reconnect_after_ms: 1730 }] },
};
