import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Debian keeps servers in folders that are not on an ordinary user's PATH.
const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** The first executable file of that name on the PATH or in the folders where Debian puts servers. */
export function findBinary(name: string): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...onPath, ...EXTRA_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

export function requireBinary(name: string, debianPackage: string): string {
  const path = findBinary(name);
  if (path !== undefined) return path;
  throw new Error(`${name} is not installed: apt-get install --no-install-recommends ${debianPackage}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
