import { defineConfig } from 'vitest/config';

// Packages are imported from source (the `parley-source` export condition), so a test never sees a stale build.
// Tests that start real processes use the build; scripts/test.mjs builds first.
export default defineConfig({
  resolve: { conditions: ['parley-source'] },
  ssr: { resolve: { conditions: ['parley-source', 'node'] } },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/{src,test}/**/*.test.ts',
      'infra/test/**/*.test.ts',
      'k6/test/**/*.test.ts',
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@parley\//] } },
  },
});
