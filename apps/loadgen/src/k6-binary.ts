import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const K6_VERSION = 'v1.8.1';

export const HOW_TO_GET_K6 = `k6 was not found: neither K6_BIN, nor the PATH, nor Go's bin folder has it. Get it in one of these ways:
  go install go.k6.io/k6@${K6_VERSION}     (a few minutes; then it is in $(go env GOPATH)/bin)
  a package or binary of Grafana k6 (v1.8 or later), on the PATH or named by K6_BIN`;

/** Finds k6: `K6_BIN`, else the PATH, else where `go install` puts it. null: nowhere. */
export function findK6(env: Readonly<Record<string, string | undefined>>): string | null {
  const named = env.K6_BIN;
  if (named !== undefined && named !== '') return executable(named) ? named : null;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const goBin = env.GOBIN ?? join(env.GOPATH ?? join(homedir(), 'go'), 'bin');
  const name = process.platform === 'win32' ? 'k6.exe' : 'k6';
  for (const folder of [...folders, goBin]) {
    const candidate = join(folder, name);
    if (executable(candidate)) return candidate;
  }
  return null;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
