import { join, relative } from 'node:path';

/** Beside the embedded store's file. */
export const OPERATOR_SOCKET = 'operator.sock';

/** What the kernel takes as the path of a socket, without the final zero: 104 bytes on macOS, 108 on Linux. */
const MAX_PATH_BYTES = 103;

/**
 * Where the node of a data folder listens for operators of its own machine: a path that both ends can use, the shorter of absolute and relative.
 * @returns null where there is none: the path is too long, or the system is Windows
 */
export function operatorSocketPath(dataDir: string): string | null {
  if (process.platform === 'win32') return null;
  const absolute = join(dataDir, OPERATOR_SOCKET);
  const fromHere = relative(process.cwd(), absolute);
  const path = fromHere.length < absolute.length ? fromHere : absolute;
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? null : path;
}
