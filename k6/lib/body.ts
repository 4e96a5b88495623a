/** What a message body says, so that whoever receives it can check it. */
export interface Stamp {
  /** This run; bodies of other runs (a backlog left over) are passed over. */
  readonly run: string;
  readonly channel: number;
  /** 1, 2, 3 … per channel. */
  readonly number: number;
  /** When the message was meant to be sent: milliseconds since the epoch. */
  readonly intendedMs: number;
}

const MARK = 'k6';

/** `k6 <run> <channel> <number> <intended ms>`, filled up to `size` characters. */
export function encodeBody(stamp: Stamp, size: number): string {
  const text = `${MARK} ${stamp.run} ${stamp.channel} ${stamp.number} ${stamp.intendedMs.toFixed(1)} `;
  return text.length >= size ? text : text + '.'.repeat(size - text.length);
}

/** null: not one of ours. */
export function decodeBody(body: string): Stamp | null {
  const [mark, run, channel, number, intendedMs] = body.split(' ', 5);
  if (mark !== MARK || run === undefined) return null;
  return { run, channel: Number(channel), number: Number(number), intendedMs: Number(intendedMs) };
}
