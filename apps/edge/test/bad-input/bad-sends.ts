import { type BadInput, CANARY, invalid, long, row } from './bad-input.ts';

const unknownType = { error: 'unknown_type' } as const;
const tooLarge = { error: 'message_too_large' } as const;
const invalidText = { error: 'invalid_text' } as const;
const stored = { answer: '{"message_id":', stored: { messages: 1 } } as const;
const MIB = 1_048_576;

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

/** Objects whose type is none, and types that are no name. */
const TYPES: readonly BadInput[] = [
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
const SENDS: readonly BadInput[] = [
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

export const BAD_SENDS: readonly BadInput[] = [...TYPES, ...SENDS];
