import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const TYPEDOC = fileURLToPath(new URL('../../../node_modules/.bin/typedoc', import.meta.url));

const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

it('the pages in docs are those that the docstrings make (npm run docs --workspace @parley/client)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-api-'));
  try {
    execFileSync(TYPEDOC, ['--out', folder], { cwd: PACKAGE, stdio: 'pipe' });
    expect(filesIn(folder)).toEqual(filesIn(join(PACKAGE, 'docs')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
