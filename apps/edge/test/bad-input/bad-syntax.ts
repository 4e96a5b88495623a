import { type BadInput, CANARY, long, row, type Scene } from './bad-input.ts';

const json = { error: 'invalid_json' } as const;
const MIB = 1_048_576;

/** A masked client frame of fewer than 126 bytes with a mask of zeros. */
const frame = (firstByte: number, payload: Uint8Array): Uint8Array =>
  Uint8Array.from([firstByte, 0x80 | payload.byteLength, 0, 0, 0, 0, ...payload]);

const good = ({ myPersonal }: Scene): string => `{"msg":"${CANARY}","conv_id":${myPersonal},"type":"personal"}`;

/** What is no JSON object in a text frame, or no WebSocket frame. */
export const BAD_SYNTAX: readonly BadInput[] = [
  row('an empty frame', json, () => ''),
  row('white space', json, () => ' \n '),
  row('words', json, () => `hello ${CANARY}`),
  row('half an object', json, (scene) => good(scene).slice(0, -1)),
  row('two objects in one frame', json, (scene) => good(scene) + good(scene)),
  row('an object with something behind it', json, (scene) => `${good(scene)}x`),
  row('a comment', json, (scene) => `${good(scene)}// ${CANARY}`),
  row('a trailing comma', json, (scene) => good(scene).replace('}', ',}')),
  row('single quotes', json, (scene) => good(scene).replaceAll('"', "'")),
  row('keys without quotes', json, (scene) => good(scene).replace('"msg"', 'msg')),
  row('a byte order mark before the object', json, (scene) => `\ufeff${good(scene)}`),
  row('a line break within a string', json, (scene) => good(scene).replace(CANARY, `${CANARY}\n`)),
  row('an unknown escape', json, (scene) => good(scene).replace(CANARY, '\\x41')),
  row('NaN as an id', json, () => '{"msg":"x","conv_id":NaN,"type":"personal"}'),
  row('Infinity as an id', json, () => '{"msg":"x","conv_id":Infinity,"type":"personal"}'),
  row('a hexadecimal id', json, () => '{"msg":"x","conv_id":0x1,"type":"personal"}'),
  row('an id with leading zeros', json, ({ myPersonal }) => `{"msg":"x","conv_id":00${myPersonal},"type":"personal"}`),
  row('an id with a plus', json, ({ myPersonal }) => `{"msg":"x","conv_id":+${myPersonal},"type":"personal"}`),
  row('null', json, () => 'null'),
  row('true', json, () => 'true'),
  row('a number', json, () => '5'),
  row('a user id: a second first frame', json, ({ me }) => `${me}`),
  row("another user's id: a second first frame", json, ({ stranger }) => `${stranger}`),
  row('a string', json, () => `"${CANARY}"`),
  row('an array', json, (scene) => `[${good(scene)}]`),
  row('an empty array', json, () => '[]'),
  row('100,000 brackets', json, () => '['.repeat(100_000)),
  row('100,000 arrays in each other', json, () => `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  row(
    '100,000 objects in each other',
    { error: 'unknown_type' },
    () => `${'{"type":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  ),
  row('1 MiB of white space', json, () => ' '.repeat(MIB)),
  row('1 MiB of zeros', json, () => '0'.repeat(MIB)),
  row('zero bytes', json, () => '\0\0\0\0'),

  row('a binary frame', { error: 'binary_frame' }, (scene) => ({ binary: Buffer.from(good(scene)) })),
  row('an empty binary frame', { error: 'binary_frame' }, () => ({ binary: new Uint8Array() })),
  row('1 MiB of binary', { error: 'binary_frame' }, () => ({ binary: new Uint8Array(MIB) })),
  row('a frame over 1,310,720 bytes', { cut: true }, (scene) => good(scene).replace(CANARY, long(1_310_720))),
  row('bytes that are no UTF-8', { cut: true }, () => Uint8Array.from([0xff, 0xfe, 0xfd])),
  row('an overlong slash in UTF-8', { cut: true }, () => Uint8Array.from([0xc0, 0xaf])),
  row('a surrogate in UTF-8', { cut: true }, () => Uint8Array.from([0xed, 0xa0, 0x80])),
  row('half a character in UTF-8', { cut: true }, (scene) =>
    Buffer.concat([Buffer.from(good(scene)), Buffer.from([0xe2, 0x82])]),
  ),
  row('a frame of an unknown kind', { cut: true }, () => ({ raw: frame(0x83, Buffer.from('{}')) })),
  row('a frame with a reserved bit', { cut: true }, () => ({ raw: frame(0xc1, Buffer.from('{}')) })),
  row('a ping in parts', { cut: true }, () => ({ raw: frame(0x09, Buffer.from('{}')) })),
  row('a continuation of nothing', { cut: true }, () => ({ raw: frame(0x80, Buffer.from('{}')) })),
  row('a frame that says it has 2^63 bytes', { cut: true }, () => ({
    raw: Uint8Array.from([0x81, 0xff, 0x7f, ...Array<number>(11).fill(0xff)]),
  })),
  row('plain HTTP', { cut: true }, () => ({ raw: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n') })),

  row('a pong that nobody asked for', { silence: true }, () => ({ raw: frame(0x8a, Buffer.from('1')) })),
  row('a message in two parts', { answer: '{"message_id":', stored: { messages: 1 } }, (scene) => {
    const [head, tail] = [good(scene).slice(0, 20), good(scene).slice(20)];
    return { raw: Buffer.concat([frame(0x01, Buffer.from(head)), frame(0x80, Buffer.from(tail))]) };
  }),
];
