import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the k6 scripts fit the types of k6', { timeout: 60_000 }, async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const check = promisify(execFile)(process.execPath, [tsc, '-p', 'k6'], { cwd: root });
  await expect(check).resolves.toMatchObject({ stdout: '' });
});
