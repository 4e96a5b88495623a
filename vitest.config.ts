import { defineConfig } from 'vitest/config';

const folders = ['packages/*/{src,test}', 'apps/*/{src,test}', 'infra/test', 'k6/test', 'scripts'];
const tests = folders.map((folder) => `${folder}/**/*.test.ts`);
const clusterTests = folders.map((folder) => `${folder}/**/*.cluster.test.ts`);
// Of these, those that mostly wait for processes to start or to answer, and mind no neighbour.
const patientTests = [
  'apps/cli/test/{conformance,embedded,usage}.cluster.test.ts',
  'apps/edge/test/{bad-input,conformance-*,legacy-*,protocol-page,restored-database,trouble-frames}.cluster.test.ts',
  'infra/test/haproxy.cluster.test.ts',
  'k6/test/verdict.cluster.test.ts',
  'packages/client/test/{api-docs,examples,package,real-server}.cluster.test.ts',
];

// Packages are imported from source (the `parley-source` export condition), so a test never sees a stale build.
// Tests that start real processes use the build; scripts/test.mjs builds first.
export default defineConfig({
  resolve: { conditions: ['parley-source'] },
  ssr: { resolve: { conditions: ['parley-source', 'node'] } },
  test: {
    pool: 'forks',
    hookTimeout: 60_000,
    slowTestThreshold: 10_000,
    server: { deps: { inline: [/@parley\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: tests,
          exclude: [...clusterTests, '**/node_modules/**'],
          maxWorkers: 2,
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: patientTests,
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // A cluster is seven processes or so. These files run after all others and one at a time, so that neither
        // they nor the tests with short deadlines starve on a small machine.
        extends: true,
        test: {
          name: 'cluster',
          include: clusterTests,
          exclude: [...patientTests, '**/node_modules/**'],
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
