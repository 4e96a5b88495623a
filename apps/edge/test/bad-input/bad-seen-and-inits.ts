import { type BadInput, invalid, long, row } from './bad-input.ts';

const tooLarge = { error: 'message_too_large' } as const;
const invalidText = { error: 'invalid_text' } as const;

/** L7 with wrong fields. */
export const BAD_SEEN: readonly BadInput[] = [
  invalid('seen without ids', () => ({ type: 'seen' })),
  invalid('seen with an empty list', () => ({ type: 'seen', message_id: [] })),
  invalid('seen with one id that is in no list', ({ received }) => ({ type: 'seen', message_id: received })),
  invalid('seen with an id as a string', ({ received }) => ({ type: 'seen', message_id: [`${received}`] })),
  invalid('seen with null among the ids', ({ received }) => ({ type: 'seen', message_id: [received, null] })),
  invalid('seen with a negative id', ({ received }) => ({ type: 'seen', message_id: [received, -1] })),
  invalid('seen with the id 0', ({ received }) => ({ type: 'seen', message_id: [0, received] })),
  invalid('seen with a fraction', ({ received }) => ({ type: 'seen', message_id: [received + 0.1] })),
  invalid('seen with 2^53 + 1', ({ received }) => `{"type":"seen","message_id":[${received},9007199254740993]}`),
  invalid('seen with lists in the list', ({ received }) => ({ type: 'seen', message_id: [[received]] })),
  invalid('seen with an object as the list', ({ received }) => ({
    type: 'seen',
    message_id: { 0: received, length: 1 },
  })),
  invalid('seen with 10,001 ids', ({ received }) => ({
    type: 'seen',
    message_id: Array<number>(10_001).fill(received),
  })),
  row('seen with an unknown id', { error: 'unknown_message' }, ({ received }) => ({
    type: 'seen',
    message_id: [received, Number.MAX_SAFE_INTEGER],
  })),
  row('seen with 10,000 unknown ids', { error: 'unknown_message' }, () => ({
    type: 'seen',
    message_id: Array.from({ length: 10_000 }, (_value, at) => 1e15 + at),
  })),
  row("seen of other people's message", { error: 'unknown_message' }, ({ foreign }) => ({
    type: 'seen',
    message_id: [foreign],
  })),
  row("seen of other people's message behind one's own", { error: 'unknown_message' }, ({ sent, foreign }) => ({
    type: 'seen',
    message_id: [sent, foreign],
  })),
  row("seen of one's own message", { silence: true }, ({ sent }) => ({ type: 'seen', message_id: [sent] })),
];

/** L2, L5 with wrong fields. */
export const BAD_INITS: readonly BadInput[] = [
  invalid('init without members', () => ({ conv_id: 1, type: 'init_personal' })),
  invalid('init with an empty list', () => ({ conv_id: 1, member: [], type: 'init_personal' })),
  invalid('init with members as text', ({ me, peer }) => ({
    conv_id: 1,
    member: `${me},${peer}`,
    type: 'init_personal',
  })),
  invalid('init with ids as strings', ({ me, stranger }) => ({
    conv_id: 1,
    member: [me, `${stranger}`],
    type: 'init_personal',
  })),
  invalid('init with a negative id', ({ me }) => ({ conv_id: 1, member: [me, -5], type: 'init_personal' })),
  invalid('init with the id 0', ({ me }) => ({ conv_id: 1, member: [0, me], type: 'init_personal' })),
  invalid('init with a fraction', ({ me }) => ({ conv_id: 1, member: [me, 1.5], type: 'init_personal' })),
  invalid('init with 2^53 + 1', ({ me }) => `{"conv_id":1,"member":[${me},9007199254740993],"type":"init_personal"}`),
  invalid('init with oneself alone', ({ me }) => ({ conv_id: 1, member: [me, me], type: 'init_personal' })),
  invalid('init_personal with three', ({ me, peer, stranger }) => ({
    conv_id: 1,
    member: [me, peer, stranger],
    type: 'init_personal',
  })),
  row('init of a conversation of others', { error: 'initiator_not_member' }, ({ peer, stranger }) => ({
    conv_id: 1,
    member: [peer, stranger],
    type: 'init_personal',
  })),
  row('init of a group of others', { error: 'initiator_not_member' }, ({ peer, stranger }) => ({
    conv_id: 1,
    member: [peer, stranger],
    group_name: 'G',
    type: 'init_group',
  })),
  invalid('a group of 1,001 ids', ({ me }) => ({
    conv_id: 1,
    member: Array.from({ length: 1_001 }, (_value, at) => me + 1_000_000 + at),
    group_name: 'G',
    description: '',
    type: 'init_group',
  })),
  invalid('init without a local id', ({ me, stranger }) => ({ member: [me, stranger], type: 'init_personal' })),
  invalid('init with null as local id', ({ me, stranger }) => ({
    conv_id: null,
    member: [me, stranger],
    type: 'init_personal',
  })),
  invalid('init with a fraction as local id', ({ me, stranger }) => ({
    conv_id: 1.5,
    member: [me, stranger],
    type: 'init_personal',
  })),
  invalid('init with a list as local id', ({ me, stranger }) => ({
    conv_id: [1],
    member: [me, stranger],
    type: 'init_personal',
  })),
  invalid(
    'init with 1e400 as local id',
    ({ me, stranger }) => `{"conv_id":1e400,"member":[${me},${stranger}],"type":"init_personal"}`,
  ),
  invalid(
    'init with 1e300 as local id, which cannot come back as it was',
    ({ me, stranger }) => `{"conv_id":1e300,"member":[${me},${stranger}],"type":"init_personal"}`,
  ),
  invalid('init with a local id of 129 characters', ({ me, stranger }) => ({
    conv_id: 'x'.repeat(129),
    member: [me, stranger],
    type: 'init_personal',
  })),
  invalid(
    'init with a local id of 129 digits',
    ({ me, stranger }) => `{"conv_id":${'9'.repeat(129)},"member":[${me},${stranger}],"type":"init_personal"}`,
  ),
  row(
    'init with a lone surrogate in the local id',
    { error: 'invalid_text' },
    ({ me, stranger }) => `{"conv_id":"\\ud800","member":[${me},${stranger}],"type":"init_personal"}`,
  ),
  invalid('a group without a name', ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    description: '',
    type: 'init_group',
  })),
  invalid('a group with an empty name', ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: '',
    description: '',
    type: 'init_group',
  })),
  invalid('a group with a number as name', ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: 7,
    description: '',
    type: 'init_group',
  })),
  row('a group name of 256 bytes', tooLarge, ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: long(256),
    description: '',
    type: 'init_group',
  })),
  row('a group name of 256 bytes in 64 characters', tooLarge, ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: '😀'.repeat(64),
    description: '',
    type: 'init_group',
  })),
  row(
    'a lone surrogate in a group name',
    invalidText,
    ({ me, peer }) =>
      `{"conv_id":1,"member":[${me},${peer}],"group_name":"\\ud800","description":"","type":"init_group"}`,
  ),
  row('a description of 4,097 bytes', tooLarge, ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: 'G',
    description: long(4_097),
    type: 'init_group',
  })),
  invalid('null as description', ({ me, peer }) => ({
    conv_id: 1,
    member: [me, peer],
    group_name: 'G',
    description: null,
    type: 'init_group',
  })),
];
