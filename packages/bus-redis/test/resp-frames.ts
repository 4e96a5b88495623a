/** Where the RESP2 frame that begins at `at` ends, or -1 when it is not complete yet. */
export function frameEnd(data: Buffer, at: number): number {
  const line = data.indexOf('\r\n', at, 'latin1');
  if (line === -1) return -1;
  const [type, count] = [data.toString('latin1', at, at + 1), Number(data.toString('latin1', at + 1, line))];
  if (type === '$') {
    const end = count < 0 ? line + 2 : line + 2 + count + 2;
    return end <= data.length ? end : -1;
  }
  let end = line + 2;
  if (type !== '*') return end;
  for (let i = 0; i < count; i += 1) {
    end = frameEnd(data, end);
    if (end === -1) return -1;
  }
  return end;
}

/** The bulk strings of an array frame; null when it is none. */
export function bulkStrings(frame: Buffer): Buffer[] | null {
  if (frame[0] !== 0x2a) return null;
  const parts: Buffer[] = [];
  let at = frame.indexOf('\r\n') + 2;
  while (at < frame.length) {
    if (frame[at] !== 0x24) return null;
    const line = frame.indexOf('\r\n', at);
    const length = Number(frame.toString('latin1', at + 1, line));
    parts.push(frame.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return parts;
}
