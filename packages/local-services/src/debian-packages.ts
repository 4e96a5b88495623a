import { spawn } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { findBinary } from './binaries.ts';

/** The Debian packages that we know how to look for, with one program that each brings. */
const PROGRAM_OF_PACKAGE = {
  'mariadb-server': 'mariadbd',
  'redis-server': 'redis-server',
  haproxy: 'haproxy',
  chromium: 'chromium',
} as const;

export type DebianPackage = keyof typeof PROGRAM_OF_PACKAGE;

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const INSTALL_TIMEOUT_MS = 10 * 60_000;
const LOCK_TIMEOUT_S = 180;

/**
 * Installs those of the packages whose program is absent. Needs root and apt-get then; without them it throws an error
 * that names the packages. The packages' own services are not started: Debian's `policy-rc.d` hook forbids it while
 * they are installed.
 */
export async function ensureDebianPackages(
  packages: readonly DebianPackage[],
  report: (line: string) => void = () => {},
): Promise<void> {
  const missing = packages.filter((name) => findBinary(PROGRAM_OF_PACKAGE[name]) === undefined);
  if (missing.length === 0) return;
  const advice = `install these packages: apt-get install --no-install-recommends ${missing.join(' ')}`;
  const aptGet = findBinary('apt-get');
  if (process.getuid?.() !== 0) throw new Error(`not root, so nothing can be installed; ${advice}`);
  if (aptGet === undefined) throw new Error(`no apt-get here, so nothing can be installed; ${advice}`);

  report(`installing ${missing.join(', ')}`);
  const lock = ['-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`];
  const removePolicy = forbidServiceStart();
  try {
    // An index that cannot be refreshed may still be good enough: the install decides.
    await run(aptGet, [...lock, '-q', 'update']);
    const install = await run(aptGet, [...lock, '-q', '-y', '--no-install-recommends', 'install', ...missing]);
    if (install.code !== 0) throw new Error(`apt-get install failed (${install.code}):\n${install.tail}\n${advice}`);
  } finally {
    removePolicy();
  }
  const still = missing.filter((name) => findBinary(PROGRAM_OF_PACKAGE[name]) === undefined);
  if (still.length > 0) throw new Error(`installed, but without the expected program: ${still.join(', ')}`);
}

/** Leaves a policy that is there already as it is. */
function forbidServiceStart(): () => void {
  try {
    writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { flag: 'wx' });
    chmodSync(POLICY_FILE, 0o755);
  } catch {
    return () => {};
  }
  const remove = (): void => rmSync(POLICY_FILE, { force: true });
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}

function run(command: string, args: readonly string[]): Promise<{ code: number | null; tail: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INSTALL_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    let tail = '';
    const collect = (chunk: Buffer): void => {
      tail = (tail + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, tail }));
  });
}
