import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDebianPackages } from '@parley/local-services';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './manifests.ts';

const CONFIG = 'infra/haproxy/haproxy.cfg';
let folder: string | undefined;

/** @returns what HAProxy says about the files; throws when it refuses them */
function check(...files: string[]): string {
  // Of a valid one, HAProxy 3 says nothing unless asked to.
  const args = ['-c', '-V', ...files.flatMap((file) => ['-f', file])];
  return execFileSync('haproxy', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe', timeout: 20_000 });
}

function edgesFile(content: string): string {
  folder = mkdtempSync(join(tmpdir(), 'parley-haproxy-'));
  const file = join(folder, 'edges.cfg');
  writeFileSync(file, content);
  return file;
}

beforeAll(async () => {
  await ensureDebianPackages(['haproxy'], () => undefined);
}, 300_000);

afterEach(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

describe(CONFIG, () => {
  it('is valid with the edges of compose', () => {
    expect(check(CONFIG, 'infra/haproxy/edges-compose.cfg')).toContain('Configuration file is valid');
  });

  it('is valid with a list of edges', () => {
    const file = edgesFile('backend edges from edge\n    server edge1 127.0.0.1:3128 check port 9128\n');
    expect(check(CONFIG, file)).toContain('Configuration file is valid');
  });

  it('the check can fail', () => {
    const file = edgesFile('backend edges from edge\n    server edge1 127.0.0.1:3128 chekc\n');
    expect(() => check(CONFIG, file)).toThrow(/chekc/);
  });
});
