/** Writes the fields of an envelope one behind the other; little-endian. The size is known before. */
export class EnvelopeWriter {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  /** Exact for integers up to 2^53 - 1. */
  number(value: number): void {
    this.#at = this.bytes.writeDoubleLE(value, this.#at);
  }

  count(value: number): void {
    this.#at = this.bytes.writeUInt32LE(value, this.#at);
  }

  pair(values: readonly [number, number]): void {
    this.number(values[0]);
    this.number(values[1]);
  }

  list(values: readonly number[]): void {
    this.count(values.length);
    for (const value of values) this.number(value);
  }

  blob(value: Uint8Array): void {
    this.count(value.byteLength);
    this.bytes.set(value, this.#at);
    this.#at += value.byteLength;
  }
}

/** Reads what `EnvelopeWriter` wrote; throws a `RangeError` at the end of bytes that are cut short. */
export class EnvelopeReader {
  readonly #input: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#input.byteLength;
  }

  byte(): number {
    return this.#input.readUInt8(this.#at++);
  }

  number(): number {
    this.#at += 8;
    return this.#input.readDoubleLE(this.#at - 8);
  }

  count(): number {
    this.#at += 4;
    return this.#input.readUInt32LE(this.#at - 4);
  }

  pair(): readonly [number, number] {
    const first = this.number();
    return [first, this.number()];
  }

  list(): number[] {
    const length = this.count();
    if (this.#at + length * 8 > this.#input.byteLength) throw new RangeError('a list is cut short');
    const values = new Array<number>(length);
    for (let index = 0; index < length; index++) values[index] = this.number();
    return values;
  }

  /** A view, valid as long as the bytes are. */
  blob(): Uint8Array {
    const length = this.count();
    const end = this.#at + length;
    if (end > this.#input.byteLength) throw new RangeError('bytes are cut short');
    const blob = this.#input.subarray(this.#at, end);
    this.#at = end;
    return blob;
  }
}
