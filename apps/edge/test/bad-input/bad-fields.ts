import { type BadInput, CANARY, invalid, long, row } from './bad-input.ts';

const unknownType = { error: 'unknown_type' } as const;
const tooLarge = { error: 'message_too_large' } as const;
const invalidText = { error: 'invalid_text' } as const;
const stored = { answer: '{"message_id":', stored: { messages: 1 } } as const;
const MIB = 1_048_576;

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

/** Objects whose type is none, and types that are no name. */
const BAD_TYPES: readonly BadInput[] = [
  row('an empty object', unknownType, () => ({})),
  row('no type', unknownType, ({ myPersonal }) => ({ msg: CANARY, conv_id: myPersonal })),
  row('an unknown type', unknownType, ({ myPersonal }) => ({ msg: CANARY, conv_id: myPersonal, type: 'channel' })),
  row('a type in upper case', unknownType, ({ myPersonal }) => ({
    msg: CANARY,
    conv_id: myPersonal,
    type: 'PERSONAL',
  })),
  row('a type with a space', unknownType, ({ myPersonal }) => ({
    msg: CANARY,
    conv_id: myPersonal,
    type: 'personal ',
  })),
  row('a type that only the server sends', unknownType, () => ({ type: 'error', code: 1, name: 'x', message: CANARY })),
  row('the type null', unknownType, () => ({ type: null })),
  row('the type 1', unknownType, () => ({ type: 1 })),
  row('a list of types', unknownType, () => ({ type: ['personal'] })),
  row('an object as type', unknownType, () => ({ type: { toString: 'personal' } })),
  row('the type __proto__', unknownType, () => ({ type: '__proto__' })),
  row('the type constructor', unknownType, () => ({ type: 'constructor' })),
  row('the type hasOwnProperty', unknownType, () => ({ type: 'hasOwnProperty' })),
  row(
    'a frame within __proto__',
    unknownType,
    ({ myPersonal }) => `{"__proto__":{"type":"personal","conv_id":${myPersonal},"msg":"x"}}`,
  ),
];

/** L3, L6 with wrong fields. */
const BAD_SENDS: readonly BadInput[] = [
  invalid('no msg', ({ myPersonal }) => ({ conv_id: myPersonal, type: 'personal' })),
  invalid('the msg null', ({ myPersonal }) => ({ msg: null, conv_id: myPersonal, type: 'personal' })),
  invalid('a number as msg', ({ myPersonal }) => ({ msg: 5, conv_id: myPersonal, type: 'personal' })),
  invalid('an object as msg', ({ myPersonal }) => ({ msg: { text: CANARY }, conv_id: myPersonal, type: 'personal' })),
  invalid('a list as msg', ({ myGroup }) => ({ msg: [CANARY], conv_id: myGroup, type: 'group' })),
  invalid('a msg of 1,000 lists in each other', ({ myPersonal }) => ({
    msg: nested(1_000),
    conv_id: myPersonal,
    type: 'personal',
  })),
  invalid('an empty msg', ({ myPersonal }) => ({ msg: '', conv_id: myPersonal, type: 'personal' })),
  row('a msg of 65,536 bytes', tooLarge, ({ myPersonal }) => ({
    msg: long(65_536),
    conv_id: myPersonal,
    type: 'personal',
  })),
  row('a msg of 65,538 bytes in 21,846 characters', tooLarge, ({ myGroup }) => ({
    msg: '€'.repeat(21_846),
    conv_id: myGroup,
    type: 'group',
  })),
  row('a msg of 1 MiB', tooLarge, ({ myPersonal }) => ({ msg: long(MIB), conv_id: myPersonal, type: 'personal' })),
  row(
    'a lone high surrogate',
    invalidText,
    ({ myPersonal }) => `{"msg":"${CANARY}\\ud800","conv_id":${myPersonal},"type":"personal"}`,
  ),
  row(
    'a lone low surrogate',
    invalidText,
    ({ myGroup }) => `{"msg":"\\udc00${CANARY}","conv_id":${myGroup},"type":"group"}`,
  ),
  row(
    'surrogates in the wrong order',
    invalidText,
    ({ myPersonal }) => `{"msg":"\\ude00\\ud83d","conv_id":${myPersonal},"type":"personal"}`,
  ),

  invalid('no conv_id', () => ({ msg: CANARY, type: 'personal' })),
  invalid('the conv_id null', () => ({ msg: CANARY, conv_id: null, type: 'group' })),
  invalid('a conv_id as a string', ({ myPersonal }) => ({ msg: CANARY, conv_id: `${myPersonal}`, type: 'personal' })),
  invalid('a conv_id in a list', ({ myPersonal }) => ({ msg: CANARY, conv_id: [myPersonal], type: 'personal' })),
  invalid('the conv_id true', () => ({ msg: CANARY, conv_id: true, type: 'personal' })),
  invalid('the conv_id 0', () => ({ msg: CANARY, conv_id: 0, type: 'personal' })),
  invalid('the conv_id -0', () => '{"msg":"x","conv_id":-0,"type":"personal"}'),
  invalid('a negative conv_id', ({ myPersonal }) => ({ msg: CANARY, conv_id: -myPersonal, type: 'personal' })),
  invalid('a conv_id with a fraction', ({ myPersonal }) => ({
    msg: CANARY,
    conv_id: myPersonal + 0.5,
    type: 'personal',
  })),
  invalid('the conv_id 2^53', () => '{"msg":"x","conv_id":9007199254740992,"type":"personal"}'),
  invalid('the conv_id 2^53 + 1', () => '{"msg":"x","conv_id":9007199254740993,"type":"personal"}'),
  invalid('the conv_id 2^64 + 1', () => '{"msg":"x","conv_id":18446744073709551617,"type":"group"}'),
  invalid('the conv_id 1e400', () => '{"msg":"x","conv_id":1e400,"type":"personal"}'),
  invalid('the conv_id 1e-400', () => '{"msg":"x","conv_id":1e-400,"type":"personal"}'),
  row('a conversation that does not exist', { error: 'not_a_member' }, () => ({
    msg: CANARY,
    conv_id: Number.MAX_SAFE_INTEGER,
    type: 'personal',
  })),
  row("other people's personal conversation", { error: 'not_a_member' }, ({ theirPersonal }) => ({
    msg: CANARY,
    conv_id: theirPersonal,
    type: 'personal',
  })),
  row("other people's group", { error: 'not_a_member' }, ({ theirGroup }) => ({
    msg: CANARY,
    conv_id: theirGroup,
    type: 'group',
  })),
  row("other people's group by the wrong type", { error: 'not_a_member' }, ({ theirGroup }) => ({
    msg: CANARY,
    conv_id: theirGroup,
    type: 'personal',
  })),
  row('a personal conversation as a group', { error: 'wrong_conversation_type' }, ({ myPersonal }) => ({
    msg: CANARY,
    conv_id: myPersonal,
    type: 'group',
  })),
  row('a group as a personal conversation', { error: 'wrong_conversation_type' }, ({ myGroup }) => ({
    msg: CANARY,
    conv_id: myGroup,
    type: 'personal',
  })),
  row(
    'a key twice, of which the last counts',
    { error: 'wrong_conversation_type' },
    ({ myPersonal }) => `{"type":"personal","msg":"x","conv_id":${myPersonal},"type":"group"}`,
  ),
  row(
    'an id twice, of which the last counts',
    { error: 'not_a_member' },
    ({ myGroup, theirGroup }) => `{"type":"group","msg":"x","conv_id":${myGroup},"conv_id":${theirGroup}}`,
  ),
  row('somebody else as sender, which is no field', stored, ({ myPersonal, stranger }) => ({
    msg: 'x',
    conv_id: myPersonal,
    type: 'personal',
    sender: 'Dakola Timmy',
    sender_id: stranger,
    message_id: 1,
    timestamp: '',
  })),
  row(
    'further keys __proto__, constructor and prototype',
    stored,
    ({ myPersonal }) =>
      `{"__proto__":{"type":"seen","polluted":true},"constructor":{"prototype":{"polluted":true}},"prototype":null,"type":"personal","msg":"x","conv_id":${myPersonal}}`,
  ),
  row(
    'an id as an escaped key',
    stored,
    ({ myPersonal }) => `{"type":"personal","msg":"x","conv\\u005fid":${myPersonal}}`,
  ),
  row(
    'an integer with an exponent',
    stored,
    ({ myPersonal }) => `{"type":"personal","msg":"x","conv_id":${myPersonal}0e-1}`,
  ),
];

/** L7 with wrong fields. */
const BAD_SEEN: readonly BadInput[] = [
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
const BAD_INITS: readonly BadInput[] = [
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

export const BAD_FIELDS: readonly BadInput[] = [...BAD_TYPES, ...BAD_SENDS, ...BAD_SEEN, ...BAD_INITS];
