import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { DEFAULT_HANDSHAKE_RULES } from './uws-options.ts';

/** An app, with the overload that its own types leave out. */
export interface UwsApp extends TemplatedApp {
  listen: TemplatedApp['listen'] &
    ((host: string, port: number, options: number, cb: (socket: us_listen_socket | false) => void) => TemplatedApp);
}

/** The module, with what its own types leave out. */
export type UwsModule = typeof import('uWebSockets.js') & { readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number };

/** What the error for a missing addon needs to know about this process. */
export interface Platform {
  readonly nodeVersion: string;
  readonly abi: string;
  readonly os: string;
  readonly arch: string;
  /** Version of glibc, or null where there is none (musl, macOS, Windows). */
  readonly glibc: string | null;
}

/** The native half of uWebSockets.js does not load on this machine. The message says what is here and what is needed. */
export class NativeAddonError extends Error {
  constructor(platform: Platform, cause: unknown) {
    super(explainMissingAddon(platform, cause), { cause });
    this.name = 'NativeAddonError';
  }
}

/**
 * Loads uWebSockets.js and checks that it is really there, so that a machine it does not run on is told so at start, in words.
 * @throws NativeAddonError
 */
export function loadUws(load: () => unknown = loadInstalled): UwsModule {
  let loaded: unknown;
  try {
    loaded = load();
  } catch (error) {
    throw new NativeAddonError(thisPlatform(), error);
  }
  if (typeof (loaded as Partial<UwsModule> | null)?.App !== 'function') {
    throw new NativeAddonError(thisPlatform(), new Error('the module has no App'));
  }
  return loaded as UwsModule;
}

/**
 * Headers that uWebSockets.js takes; it reads this variable when it is loaded. By default it refuses more than 4,096 bytes: on Node 20 those that come in more
 * than one piece, on Node 24 all (tried). Twice what `checkHandshake` takes by default, so that refusals are its own, in words and counted.
 */
const HEADERS_VARIABLE = 'UWS_HTTP_MAX_HEADERS_SIZE';
const MAX_HEADERS_BYTES = 2 * DEFAULT_HANDSHAKE_RULES.maxHandshakeBytes;

// Required and not imported: a failing import would end the process before anything could be said about it.
const loadInstalled = (): unknown => {
  process.env[HEADERS_VARIABLE] ??= String(MAX_HEADERS_BYTES);
  return createRequire(import.meta.url)('uWebSockets.js');
};

/** The glibc that the shipped builds were linked against, by major version of Node (read from the binaries' version needs). */
const neededGlibc = (nodeMajor: number): string => (nodeMajor <= 21 ? '2.27' : '2.38');

export function explainMissingAddon(platform: Platform, cause: unknown): string {
  const major = Number.parseInt(platform.nodeVersion, 10);
  const libc =
    platform.os !== 'linux' ? '' : platform.glibc === null ? ', no glibc (musl?)' : `, glibc ${platform.glibc}`;
  const needs =
    platform.os === 'linux'
      ? `On Linux, Node ${major} needs glibc ${neededGlibc(major)} or later (Node 20: 2.27; Node 22 and 24: 2.38, as in Debian 13 or Ubuntu 24.04); musl (Alpine) will not do.`
      : 'It is built for Linux, macOS and Windows, on x64 and arm64, for Node 20, 22 and 24.';
  return [
    `The native addon of uWebSockets.js did not load: ${firstLine(cause)}`,
    `Found: Node ${platform.nodeVersion} (ABI ${platform.abi}) on ${platform.os} ${platform.arch}${libc}.`,
    needs,
    "To take it from its authors instead of the npm repack (needs access to GitHub), run: npm install --workspace @parley/transport-uws 'uWebSockets.js@github:uNetworking/uWebSockets.js#v20.66.0'",
  ].join('\n');
}

/** uWebSockets.js hides the loader's own words behind a general text; the last line holds them. */
function firstLine(cause: unknown): string {
  const lines = (cause instanceof Error ? cause.message : String(cause))
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.find((line) => line.includes('.node')) ?? lines[0] ?? 'no reason given';
}

function thisPlatform(): Platform {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return {
    nodeVersion: process.versions.node,
    abi: process.versions.modules,
    os: process.platform,
    arch: process.arch,
    glibc: report?.header?.glibcVersionRuntime ?? null,
  };
}
