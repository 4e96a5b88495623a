export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** `payload` of the frame is `data.subarray(start, end)`, valid during the call. */
export type OnFrame = (opcode: number, data: Buffer, start: number, end: number) => void;

const EMPTY = Buffer.alloc(0);
const MAX_FRAME_BYTES = 16 * 1_048_576;

/** Cuts a server's byte stream into frames. A server does not mask, and ours does not fragment: anything else is an error. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer = EMPTY;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= data.length) {
      const first = data[at] ?? 0;
      const second = data[at + 1] ?? 0;
      if ((first & 0xf0) !== 0x80 || second > 127)
        throw new Error('the server sent a fragmented, masked or extended frame');
      let start = at + 2;
      let length = second;
      if (length === 126) {
        if (start + 2 > data.length) break;
        length = data.readUInt16BE(start);
        start += 2;
      } else if (length === 127) {
        if (start + 8 > data.length) break;
        length = Number(data.readBigUInt64BE(start));
        start += 8;
      }
      if (length > MAX_FRAME_BYTES) throw new Error(`the server sent a frame of ${length} bytes`);
      const end = start + length;
      if (end > data.length) break;
      this.#onFrame(first & 0x0f, data, start, end);
      at = end;
    }
    this.#rest = at === data.length ? EMPTY : data.subarray(at);
  }
}
