import { expect, test } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import { findMessageId, findRef, findSeq, leadingType } from './frame-scan.ts';
import { FrameWriter } from './frame-writer.ts';
import { findStamp, SendTemplate, stampChannel, stampNumber, stampTimeUs } from './message-stamp.ts';

const serverFrame = (payload: Buffer): Buffer => {
  const writer = new FrameWriter();
  writer.text(payload);
  const frame = writer.take();
  const headLength = frame.length - payload.length - 4;
  const head = Buffer.from(frame.subarray(0, headLength));
  head[1] = (head[1] ?? 0) & 0x7f;
  return Buffer.concat([head, payload]);
};

test.each([0, 1, 125, 126, 65_535, 65_536])(
  'frames of %i bytes come through whole, however the stream is cut',
  (size) => {
    const payload = Buffer.alloc(size, 'x');
    const stream = Buffer.concat([serverFrame(payload), serverFrame(Buffer.from('end'))]);
    for (const step of [1, 7, stream.length]) {
      if (step < 7 && size > 1_000) continue;
      const got: string[] = [];
      const reader = new FrameReader((_opcode, data, start, end) => got.push(data.toString('latin1', start, end)));
      for (let at = 0; at < stream.length; at += step) reader.push(stream.subarray(at, at + step));
      expect(got).toEqual([payload.toString(), 'end']);
    }
  },
);

test('a client frame is masked', () => {
  const writer = new FrameWriter();
  writer.text(Buffer.from('7'));
  expect([...writer.take()]).toEqual([0x81, 0x81, 0, 0, 0, 0, 0x37]);
  expect(writer.length).toBe(0);
});

test.each([
  ['a masked frame', [0x81, 0x81, 0, 0, 0, 0, 1]],
  ['a fragment', [0x01, 0x00]],
  ['a compressed frame', [0xc1, 0x00]],
  ['a frame of many gigabytes', [0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]],
])('%s from a server is refused', (_what, bytes) => {
  expect(() => new FrameReader(() => {}).push(Buffer.from(bytes))).toThrow('the server sent');
});

test('a stamp is read from a delivered frame as it was written', () => {
  const template = new SendTemplate({
    channel: 42,
    conversation: 9,
    kind: 'group',
    bodyLength: 80,
    protocol: 'legacy',
  });
  const sent = JSON.parse(template.write(123_456, 987_654_321).toString()) as { msg: string };
  expect(sent).toEqual({ msg: sent.msg, conv_id: 9, type: 'group' });
  expect(sent.msg).toHaveLength(80);
  const frame = Buffer.from(
    JSON.stringify({ conv_id: 9, message_id: 77, msg: sent.msg, sender: 'User 1', type: 'group' }),
  );
  const at = findStamp(frame, 0, frame.length);
  expect([stampChannel(frame, at), stampNumber(frame, at), stampTimeUs(frame, at)]).toEqual([42, 123_456, 987_654_321]);
  expect(findMessageId(frame, 0, at)).toBe(77);
  expect(findStamp(Buffer.from('{"message_id": 5}'), 0, 17)).toBe(-1);
  expect(findMessageId(Buffer.from('{"message_id": 5}'), 0, 17)).toBe(5);
  const error = Buffer.from('{"type":"error","code":1001}');
  expect(findMessageId(error, 0, error.length)).toBe(-1);
});

test('a send of the current protocol has its number in its ref and its client id, and they are read from the answers', () => {
  const template = new SendTemplate({
    channel: 7,
    conversation: 3,
    kind: 'personal',
    bodyLength: 40,
    protocol: 'current',
  });
  const first = JSON.parse(template.write(9, 1).toString()) as { ref: number; client_id: string; msg: string };
  const second = JSON.parse(template.write(123_456_789, 2).toString()) as typeof first;
  expect([first.ref, second.ref].map(SendTemplate.numberOf)).toEqual([9, 123_456_789]);
  expect(first.client_id).toMatch(/^bench-0000007.*009$/);
  expect(second.client_id).toMatch(/^bench-0000007.*123456789$/);
  expect([first.client_id.length, second.client_id.length]).toEqual([24, 24]);
  const ack = Buffer.from(
    `xx{"type":"ack","ref":${second.ref},"conv_id":3,"message_id":88,"seq":12,"client_id":"a"}xx`,
  );
  const [start, end] = [2, ack.length - 2];
  expect(leadingType(ack, start, end)).toBe('ack');
  expect(findRef(ack, start, end)).toBe(second.ref);
  expect(findMessageId(ack, start, end)).toBe(88);
  expect(findSeq(ack, start, end)).toBe(12);
  const message = Buffer.from(
    `{"conv_id":3,"message_id":88,"msg":"${second.msg}","type":"personal","seq":12,"sender_id":1}`,
  );
  expect(leadingType(message, 0, message.length)).toBe('');
  expect(findSeq(message, findStamp(message, 0, message.length), message.length)).toBe(12);
  expect(findRef(message, 0, message.length)).toBe(-1);
});
