import type { ErrorName } from '@parley/protocol';
import { pair, say } from '../chat.ts';
import { type Rule, rule } from '../rule.ts';

const many = (count: number): readonly number[] => Array.from({ length: count }, (_value, at) => at + 1);
const long = (length: number): string => 'x'.repeat(length);
const LONE_SURROGATE = 'a lone \ud800 surrogate';

/** Where a frame has fields, what may not stand in them. `undefined` leaves the field out. */
interface Invalid {
  readonly id: string;
  readonly type: string;
  readonly valid: object;
  readonly wrong: readonly (object | readonly [fields: object, error: ErrorName])[];
}

const BAD_IDS = [undefined, 0, -1, 1.5, '1', null, [1]];
const badIds = (field: string) => BAD_IDS.map((value) => ({ [field]: value }));
const BAD_ID_LISTS = [undefined, [], 7, '7', [0], ['7'], [1.5], [null]];
const badIdLists = (field: string) => BAD_ID_LISTS.map((value) => ({ [field]: value }));
const badSeqs = (field: string) => [-1, 1.5, '1', null].map((value) => ({ [field]: value }));
const BAD_CLIENT_IDS = ['', long(65), '~mine', 'with space', 'umlautä', 'line\n', 7, null].map((client_id) => ({
  client_id,
}));
const badTexts = (field: string, maxBytes: number, mayBeEmpty = false) => [
  ...[undefined, 7, null, ...(mayBeEmpty ? [] : [''])]
    .filter((value) => !mayBeEmpty || value !== undefined)
    .map((value) => ({ [field]: value })),
  [{ [field]: long(maxBytes + 1) }, 'message_too_large'] as const,
  [{ [field]: LONE_SURROGATE }, 'invalid_text'] as const,
];
const conversation = { conv_id: 1 };

const INVALID: readonly Invalid[] = [
  {
    id: 'V221',
    type: 'personal',
    valid: { ...conversation, msg: 'm' },
    wrong: [...badIds('conv_id'), ...badTexts('msg', 65_535), ...BAD_CLIENT_IDS],
  },
  {
    id: 'V222',
    type: 'group',
    valid: { ...conversation, msg: 'm' },
    wrong: [...badIds('conv_id'), ...badTexts('msg', 65_535), ...BAD_CLIENT_IDS],
  },
  {
    id: 'V223',
    type: 'init_personal',
    valid: { member: [1, 2] },
    wrong: [
      ...badIdLists('member'),
      { member: many(1_001) },
      { conv_id: 1.5 },
      { conv_id: {} },
      { conv_id: long(129) },
      ...BAD_CLIENT_IDS,
    ],
  },
  {
    id: 'V224',
    type: 'init_group',
    valid: { member: [1, 2], group_name: 'G' },
    wrong: [
      ...badIdLists('member'),
      { member: many(1_001) },
      ...badTexts('group_name', 255),
      ...badTexts('description', 4_096, true),
      { history: 'yes' },
      { conv_id: null },
      ...BAD_CLIENT_IDS,
    ],
  },
  {
    id: 'V225',
    type: 'delivered',
    valid: { ...conversation, seq: 1 },
    wrong: [...badIds('conv_id'), { seq: undefined }, ...badSeqs('seq')],
  },
  {
    id: 'V226',
    type: 'seen',
    valid: {},
    wrong: [
      {},
      { conv_id: 1 },
      { seq: 1 },
      { conv_id: 1, seq: -1 },
      { message_id: [] },
      { message_id: 7 },
      { message_id: ['7'] },
      { message_id: many(10_001) },
    ],
  },
  {
    id: 'V227',
    type: 'conversations',
    valid: {},
    wrong: [
      ...badSeqs('after'),
      ...[0, 101, '5', 1.5].map((limit) => ({ limit })),
      { conv_id: [] },
      { conv_id: many(101) },
      { conv_id: 7 },
    ],
  },
  {
    id: 'V228',
    type: 'history',
    valid: conversation,
    wrong: [
      ...badIds('conv_id'),
      ...badSeqs('before'),
      ...badSeqs('after'),
      { before: 5, after: 1 },
      ...[0, 201, '5'].map((limit) => ({ limit })),
    ],
  },
  {
    id: 'V229',
    type: 'members',
    valid: conversation,
    wrong: [...badIds('conv_id'), ...badSeqs('after'), ...[0, 1_001, '5'].map((limit) => ({ limit }))],
  },
  { id: 'V230', type: 'message_status', valid: { message_id: 1 }, wrong: badIds('message_id') },
  {
    id: 'V231',
    type: 'typing',
    valid: conversation,
    wrong: [...badIds('conv_id'), { active: 'yes' }, { active: null }],
  },
  ...['presence', 'watch', 'unwatch'].map((type, at) => ({
    id: `V${232 + at}`,
    type,
    valid: { user_id: [1] },
    wrong: [...badIdLists('user_id'), { user_id: many(101) }],
  })),
  {
    id: 'V235',
    type: 'group_add',
    valid: { ...conversation, user_id: [1] },
    wrong: [...badIds('conv_id'), ...badIdLists('user_id'), { user_id: many(101) }, ...BAD_CLIENT_IDS],
  },
  {
    id: 'V236',
    type: 'group_remove',
    valid: { ...conversation, user_id: 1 },
    wrong: [...badIds('conv_id'), ...badIds('user_id'), ...BAD_CLIENT_IDS],
  },
  { id: 'V237', type: 'group_leave', valid: conversation, wrong: [...badIds('conv_id'), ...BAD_CLIENT_IDS] },
  {
    id: 'V238',
    type: 'group_rename',
    valid: { ...conversation, group_name: 'G' },
    wrong: [...badIds('conv_id'), ...badTexts('group_name', 255), ...BAD_CLIENT_IDS],
  },
  {
    id: 'V239',
    type: 'group_describe',
    valid: { ...conversation, description: 'D' },
    wrong: [
      ...badIds('conv_id'),
      { description: undefined },
      ...badTexts('description', 4_096, true),
      ...BAD_CLIENT_IDS,
    ],
  },
  {
    id: 'V240',
    type: 'group_role',
    valid: { ...conversation, user_id: 1, role: 'admin' },
    wrong: [
      ...badIds('conv_id'),
      ...badIds('user_id'),
      ...[undefined, 'king', '', 7].map((role) => ({ role })),
      ...BAD_CLIENT_IDS,
    ],
  },
  {
    id: 'V241',
    type: 'group_transfer',
    valid: { ...conversation, user_id: 1 },
    wrong: [...badIds('conv_id'), ...badIds('user_id'), ...BAD_CLIENT_IDS],
  },
  ...['block', 'unblock'].map((type, at) => ({
    id: `V${242 + at}`,
    type,
    valid: { user_id: 1 },
    wrong: badIds('user_id'),
  })),
  {
    id: 'V244',
    type: 'refresh',
    valid: { token: 'e30.e30.c2ln' },
    wrong: [
      ...[undefined, 7, null].map((token) => ({ token })),
      [{ token: '' }, 'invalid_token'],
      [{ token: 'no token' }, 'invalid_token'],
    ],
  },
];

/** V22x to V24x: for each request, fields that may not be. */
export const invalidFrameRules: readonly Rule[] = [
  ...INVALID.map(({ id, type, valid, wrong }) =>
    rule(
      id,
      `${type}: wrong fields are refused, with the ref, and change nothing`,
      async (scene) => {
        const [a] = await scene.users(1);
        const alice = await scene.connect(a);
        for (const entry of wrong) {
          const [fields, error] = Array.isArray(entry)
            ? (entry as [object, ErrorName])
            : [entry as object, 'invalid_frame' as const];
          await alice.refused({ type, ...valid, ...fields }, error);
        }
        await alice.ask({ type: 'conversations' }, { type: 'conversations', conversations: [], next: null });
      },
      { proves: ['L15'] },
    ),
  ),
  rule(
    'V245',
    'a send that was refused takes no number',
    async (scene) => {
      const { alice, bob, conversation: conv_id } = await pair(scene);
      await alice.refused({ type: 'personal', conv_id, msg: '' }, 'invalid_frame');
      await alice.refused({ type: 'personal', conv_id, msg: LONE_SURROGATE }, 'invalid_text');
      await alice.refused({ type: 'group', conv_id, msg: 'm' }, 'wrong_conversation_type');
      await bob.expectNext((await say(alice, 'personal', conv_id, 'first', { seq: 1 })).frame);
    },
    { proves: ['G2'] },
  ),
];
