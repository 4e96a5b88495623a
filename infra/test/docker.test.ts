import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, read } from './manifests.ts';

interface Instruction {
  readonly name: string;
  readonly args: string;
}

/** One entry per instruction: comments out, continued lines joined. */
const instructions: Instruction[] = read('infra/docker/Dockerfile')
  .split('\n')
  .filter((line) => !line.trimStart().startsWith('#'))
  .join('\n')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name = '', args = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return { name, args };
  });
const KNOWN = new Set(
  'ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK RUN STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
const all = (name: string): string[] => instructions.filter((one) => one.name === name).map(({ args }) => args);
const lastFrom = instructions.findLastIndex(({ name }) => name === 'FROM');
const final = instructions.slice(lastFrom);
const finalOf = (name: string): string[] => final.filter((one) => one.name === name).map(({ args }) => args);

describe('infra/docker/Dockerfile', () => {
  it('has known instructions only, stages on one pinned base, and JSON where commands are JSON', () => {
    expect(instructions.filter(({ name }) => !KNOWN.has(name))).toEqual([]);
    expect(all('ARG')).toEqual(['NODE_IMAGE=node:24-trixie-slim']);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's own syntax
    expect(all('FROM')).toEqual(['${NODE_IMAGE} AS build', '${NODE_IMAGE} AS runtime']);
    expect(JSON.parse(finalOf('ENTRYPOINT')[0]!)).toEqual(['node', 'apps/cli/bin/parley.js']);
    expect(JSON.parse(finalOf('CMD')[0]!)).toEqual(['start']);
    const check = /^(?:--\S+ )*CMD (.*)$/.exec(finalOf('HEALTHCHECK')[0]!);
    expect(JSON.parse(check![1]!)).toEqual(['node', '/usr/local/lib/parley/healthcheck.mjs']);
  });

  it('runs as a user that is not root, in production mode, and stops on SIGTERM', () => {
    expect(finalOf('USER')).toEqual(['node']);
    const user = final.findIndex(({ name }) => name === 'USER');
    expect(final.slice(user).some(({ name }) => name === 'RUN')).toBe(false);
    expect(finalOf('ENV').join(' ')).toContain('NODE_ENV=production');
    expect(finalOf('STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  it('builds nothing and installs nothing in the stage that ships', () => {
    for (const run of finalOf('RUN')) expect(run).not.toMatch(/npm|apt|curl|wget/);
  });

  it('copies only what exists and what .dockerignore lets in', () => {
    const ignore = read('.dockerignore').split('\n');
    expect(ignore).toContain('*');
    for (const args of all('COPY').filter((one) => !one.startsWith('--from='))) {
      const sources = args.split(' ').slice(0, -1);
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) {
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(ignore, source).toContain(`!${source}`);
      }
    }
    for (const line of ignore.filter((one) => one.startsWith('!')))
      expect(existsSync(join(ROOT, line.slice(1))), line).toBe(true);
  });
});

describe('infra/docker/prune-image.mjs', () => {
  const folders: string[] = [];
  const addon = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

  function tree(files: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'parley-prune-'));
    folders.push(folder);
    for (const file of files) {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), '');
    }
    return folder;
  }
  const prune = (cwd: string): void => {
    execFileSync(process.execPath, [join(ROOT, 'infra/docker/prune-image.mjs')], {
      cwd,
      stdio: 'pipe',
      timeout: 30_000,
    });
  };
  const list = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('keeps the one addon that this Node loads, and what runs', () => {
    const kept = [
      'apps/cli/bin/parley.js',
      'apps/cli/dist/main.js',
      'apps/cli/node_modules/commander/index.js',
      'apps/cli/package.json',
      'node_modules/other/index.js',
      'node_modules/uWebSockets.js/ESM_wrapper.mjs',
      'node_modules/uWebSockets.js/package.json',
      `node_modules/uWebSockets.js/${addon}`,
      'node_modules/uWebSockets.js/uws.js',
      'packages/core/dist/index.js',
      'packages/core/package.json',
    ];
    const folder = tree([
      ...kept,
      'node_modules/uWebSockets.js/uws_win32_x64_137.node',
      'node_modules/uWebSockets.js/docs/index.html',
      'packages/core/src/index.ts',
      'packages/core/test/x.test.ts',
      'apps/cli/tsconfig.tsbuildinfo',
    ]);
    prune(folder);
    expect(new Set(list(folder))).toEqual(new Set(kept));
  });

  it('fails the build when there is no addon for this Node', () => {
    const folder = tree(['node_modules/uWebSockets.js/uws.js', 'apps/cli/package.json', 'packages/core/package.json']);
    expect(() => prune(folder)).toThrow(addon);
  });

  it('knows the names that the package really has', () => {
    expect(readdirSync(join(ROOT, 'node_modules/uWebSockets.js'))).toEqual(
      expect.arrayContaining([addon, 'uws.js', 'ESM_wrapper.mjs']),
    );
  });
});

describe('infra/docker/healthcheck.mjs', () => {
  let server: Server | undefined;

  async function check(status: number): Promise<number> {
    server = createServer((request, response) => {
      response.statusCode = request.url === '/readyz' ? status : 404;
      response.end();
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return await run((server.address() as AddressInfo).port);
  }

  async function run(port: number): Promise<number> {
    const { spawn } = await import('node:child_process');
    const env = { ...process.env, PARLEY_ADMIN_PORT: String(port) };
    const child = spawn(process.execPath, [join(ROOT, 'infra/docker/healthcheck.mjs')], { env, stdio: 'ignore' });
    return await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  }

  afterEach(() => {
    server?.close();
    server = undefined;
  });

  it('is healthy when the node is ready, and only then', async () => {
    expect(await check(200)).toBe(0);
    server?.close();
    expect(await check(503)).toBe(1);
    expect(await run(9)).toBe(1);
  });
});
