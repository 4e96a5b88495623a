import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkImports } from './check-imports.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WORKSPACES = ['protocol', 'core', 'client', 'transport-uws', 'store-sql', 'bus-redis', 'local-services']
  .map((name) => `packages/${name}`)
  .concat(['apps/edge', 'apps/cli', 'apps/loadgen']);

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-imports-'));
  for (const manifest of ['package.json', ...WORKSPACES.map((folder) => `${folder}/package.json`)]) {
    mkdirSync(dirname(join(root, manifest)), { recursive: true });
    cpSync(join(ROOT, manifest), join(root, manifest));
  }
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('check-imports', () => {
  test('finds nothing wrong with the project itself', () => {
    expect(checkImports(ROOT)).toEqual([]);
  });

  test.each([
    ['packages/protocol/src/a.ts', `import { a } from '@parley/core';`, 'against the direction'],
    ['packages/protocol/src/a.ts', `import ws from 'ws';`, 'this package may not'],
    ['packages/core/src/a.ts', `import type { Redis } from 'ioredis';`, 'this package may not'],
    ['packages/core/src/a.ts', `export * from 'mysql2/promise';`, 'this package may not'],
    ['packages/core/src/a.ts', `type A = import('@parley/store-sql').A;`, 'against the direction'],
    ['packages/core/src/a.ts', `const a = await import('@parley/bus-redis');`, 'against the direction'],
    ['packages/core/src/a.ts', `import { test } from 'vitest';`, 'this package may not'],
    ['packages/core/src/a.ts', `import { env } from 'node:process';`, 'the engine knows no process'],
    ['packages/core/src/a.ts', `import { connect } from 'node:net';`, 'the engine knows no process'],
    ['packages/core/src/a.ts', `import { randomBytes } from 'crypto';`, 'with node: in front'],
    ['packages/core/src/a.ts', 'const at = Date.now();', 'uses Date.now'],
    ['packages/core/src/a.ts', `const at = Date['now']();`, 'uses Date.now'],
    ['packages/core/src/a.ts', 'const at = globalThis.Date.now();', 'uses Date.now'],
    ['packages/core/src/a.ts', 'const at = new Date();', 'uses new Date()'],
    ['packages/core/src/a.ts', 'setTimeout(() => {}, 1);', 'uses setTimeout'],
    ['packages/core/src/a.ts', 'const a = process.env.A;', 'reads process.env'],
    ['packages/core/src/a.ts', 'const { env } = process;', 'reads process.env'],
    ['packages/store-sql/src/a.ts', `const a = process['env'];`, 'reads process.env'],
    ['packages/store-sql/src/a.ts', `import { RedisBus } from '@parley/bus-redis';`, 'against the direction'],
    ['packages/client/src/a.ts', `import { a } from '@parley/core';`, 'against the direction'],
    ['packages/client/test/a.test.ts', `import { a } from '@parley/store-sql';`, 'against the direction'],
    ['packages/bus-redis/src/a.ts', `import { App } from 'uWebSockets.js';`, 'only packages/transport-uws and'],
    ['packages/bus-redis/test/a.test.ts', `import { App } from 'uWebSockets.js';`, 'only packages/transport-uws and'],
    ['packages/bus-redis/src/a.ts', `import { pino } from 'pino';`, 'not declared in packages/bus-redis'],
    ['packages/bus-redis/src/a.ts', `import { a } from '@parley/core/src/hub.ts';`, 'do not offer'],
    ['packages/bus-redis/src/a.ts', `import { a } from '../../core/src/hub.ts';`, 'a path into another package'],
    ['packages/bus-redis/src/a.ts', `import { a } from '../../../scripts/a.mjs';`, 'a path out of its package'],
    ['packages/bus-redis/src/a.ts', `import { startRedis } from '@parley/local-services';`, 'against the direction'],
    ['packages/transport-uws/test/a.test.ts', `import { startRedis } from '@parley/local-services';`, 'not declared'],
    ['packages/local-services/src/a.ts', `import { a } from '@parley/core';`, 'against the direction'],
    ['apps/edge/src/main.ts', 'const a = process.env.PORT;', 'only src/config.ts may'],
    ['apps/edge/src/a.ts', `import { run } from '@parley/loadgen';`, 'against the direction'],
    ['apps/cli/src/a.ts', `import { Redis } from 'ioredis';`, 'not declared in apps/cli'],
    ['packages/core/src/a.ts', 'export default 1;', 'default export'],
    ['packages/core/src/a.ts', 'const a = 1;\nexport { a as default };', 'default export'],
    ['packages/core/src/a.ts', 'export default function a() {}', 'default export'],
    ['packages/core/src/handlers/index.ts', `export * from './a.ts';`, 'a barrel'],
    ['packages/core/src/a.ts', '// line\n'.repeat(401), 'has 401 lines'],
    ['packages/bus-redis/src/lua/a.lua', '-- line\n'.repeat(401), 'has 401 lines'],
    ['scripts/a.mjs', '// line\n'.repeat(401), 'has 401 lines'],
    ['packages/unheard-of/package.json', '{"name":"@parley/unheard-of"}', 'has no rule'],
  ])('refuses in %s: %s', (path, text, problem) => {
    plant(path, text);
    const problems = checkImports(root);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toContain(path.replace('/package.json', ''));
  });

  test.each([
    ['packages/protocol/src/a.ts', `import { z } from 'zod';`],
    ['packages/core/src/a.ts', `import { a } from '@parley/protocol';\nimport { b } from './b.ts';`],
    ['packages/core/src/a.ts', `import { randomBytes } from 'node:crypto';`],
    ['packages/core/src/a.ts', '// Date.now and process.env are not for us\nconst a = "Date.now()"; new Date(0);'],
    ['packages/core/src/testing/a.ts', `import { test } from 'vitest';\nimport fc from 'fast-check';`],
    ['packages/core/src/a.test.ts', `import { test } from 'vitest';\nconst at = Date.now();`],
    ['packages/core/src/testing/index.ts', `export { a } from './a.ts';`],
    ['packages/core/src/a.ts', '// line\n'.repeat(400)],
    ['packages/store-sql/test/a.test.ts', `import { suite } from '@parley/core/testing';\nprocess.env.mysql_host;`],
    ['packages/transport-uws/src/a.ts', `import { App } from 'uWebSockets.js';`],
    ['packages/client/src/testing/a.ts', `import { ChatNode } from '@parley/core';`],
    ['packages/client/src/a.ts', `import type { A } from '@parley/protocol';`],
    ['apps/loadgen/src/a.ts', `import { App } from 'uWebSockets.js';`],
    ['apps/edge/src/config.ts', 'export const port = process.env.PORT;'],
    ['apps/cli/src/a.ts', `import { startCluster } from '@parley/local-services';\nprocess.env.HOME;`],
  ])('allows in %s: %s', (path, text) => {
    plant(path, text);
    expect(checkImports(root)).toEqual([]);
  });
});
