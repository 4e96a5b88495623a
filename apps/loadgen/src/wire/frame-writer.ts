const TEXT = 0x81;
const PING_ANSWER = 0x8a;
const MASKED = 0x80;
const FIRST_BYTES = 16_384;

/**
 * Collects client frames of one turn for one write. The mask key is zero, so that masking costs the client nothing; it is as good as any
 * other to a server, which unmasks all the same.
 */
export class FrameWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  text(payload: Uint8Array): void {
    this.#frame(TEXT, payload);
  }

  pong(payload: Uint8Array): void {
    this.#frame(PING_ANSWER, payload);
  }

  /** What was collected, in a buffer that is the caller's. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #frame(head: number, payload: Uint8Array): void {
    const { length } = payload;
    const start = this.#length;
    this.#reserve(length + 14);
    const buffer = this.#buffer;
    buffer[start] = head;
    let at = start + 2;
    if (length < 126) {
      buffer[start + 1] = MASKED | length;
    } else if (length < 65_536) {
      buffer[start + 1] = MASKED | 126;
      at = buffer.writeUInt16BE(length, at);
    } else {
      buffer[start + 1] = MASKED | 127;
      at = buffer.writeUInt32BE(0, at);
      at = buffer.writeUInt32BE(length, at);
    }
    at = buffer.writeUInt32LE(0, at);
    buffer.set(payload, at);
    this.#length = at + length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
