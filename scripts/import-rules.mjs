// Who may import whom: protocol <- core <- adapters <- apps. Read by check-imports.mjs, which says what each rule means.

/**
 * Per workspace folder: `ours` are the workspace packages that its source may import, `others` the packages from
 * elsewhere (any declared one if absent). `reads` are the files that may read the environment, `engine` forbids clocks,
 * timers, sockets and disks. Tests and a package's own `src/testing` folder may also use development dependencies, and
 * those of `ours` that `inTests` names. What is `bundled` is published with all that it imports inside.
 */
export const PACKAGES = {
  'packages/protocol': { ours: [], others: ['zod'], reads: [] },
  'packages/core': { ours: ['@parley/protocol'], others: [], reads: [], engine: true },
  'packages/client': { ours: ['@parley/protocol'], inTests: ['@parley/core'], bundled: true, reads: [] },
  // uWebSockets.js takes one of its bounds from there and nowhere else.
  'packages/transport-uws': { ours: ['@parley/protocol', '@parley/core'], reads: ['src/native-addon.ts'] },
  'packages/store-sql': { ours: ['@parley/protocol', '@parley/core'], reads: [] },
  'packages/bus-redis': { ours: ['@parley/protocol', '@parley/core'], reads: [] },
  'packages/conformance': { ours: ['@parley/protocol'], others: ['ws'], reads: [] },
  'packages/local-services': { ours: [], reads: 'all' },
  'apps/edge': {
    ours: ['@parley/protocol', '@parley/core', '@parley/transport-uws', '@parley/store-sql', '@parley/bus-redis'],
    reads: ['src/config.ts'],
  },
  'apps/cli': { ours: 'all', reads: 'all' },
  'apps/loadgen': { ours: 'all', reads: 'all' },
  'apps/web': { ours: ['@parley/protocol', '@parley/client'], reads: [] },
};

/** Only these workspaces may import the package, tests included. */
export const RESTRICTED = {
  'uWebSockets.js': ['packages/transport-uws', 'apps/loadgen'],
  uwebsockets: [],
};

/** Where `others` is restricted, tests and `src/testing` may import these too. */
export const TEST_PACKAGES = ['vitest', 'fast-check'];

/** Any test may start real servers, and hold one to the protocol, with these, if declared as development dependencies. */
export const WORKSPACES_FOR_TESTS = ['@parley/local-services', '@parley/conformance'];

/** Built-in modules that would give the engine the environment, the wall clock, a socket or a disk. */
export const FORBIDDEN_IN_ENGINE = [
  ...['process', 'os', 'net', 'http', 'https', 'http2', 'dgram', 'dns', 'tls', 'fs', 'fs/promises', 'child_process'],
  ...['cluster', 'worker_threads', 'perf_hooks', 'timers', 'timers/promises', 'sqlite'],
];

export const MAX_LINES = 400;
