// `npm test [-- vitest arguments]`: import directions, lint, build, then every test with a database and a Redis.
//
// The services are private ones on free loopback ports, gone afterwards. With `mysql_host` or `REDIS_URL` set, those are
// used instead; the database user must be allowed to create databases. What is not installed is installed with Debian's
// package manager, as root. The last line of standard output is `N passed, N failed`, and `, N skipped` if any was;
// a check that failed counts as one failure. The exit code is 0 only if tests ran and nothing failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHECK_TIMEOUT_MS = 5 * 60_000;
const TESTS_TIMEOUT_MS = 60 * 60_000;
const KILL_GRACE_MS = 10_000;
const PARENT_CHECK_MS = 500;
const DATABASE_VARIABLES = ['mysql_host', 'mysql_port', 'mysql_user', 'mysql_password', 'db_name'];

const CHECKS = [
  { name: 'import directions', args: ['scripts/check-imports.mjs'] },
  {
    name: 'format and lint',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--diagnostic-level=error', '--max-diagnostics=50', '.'],
  },
  { name: 'build', args: ['node_modules/typescript/bin/tsc', '-b'] },
  { name: 'bundle of the client', args: ['packages/client/scripts/bundle.mjs'] },
  { name: 'types of the tests', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json'] },
  {
    name: "types of the client's tests, which know the browser",
    args: ['node_modules/typescript/bin/tsc', '-p', 'packages/client/test'],
  },
];

/** The step under way, if it is a child process. */
let child;
let interruptedBy;
const stops = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt(signal));
// npm does not always pass a signal on to what it runs.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && interrupt('the end of its parent process'), PARENT_CHECK_MS).unref();

let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  counts = await testAll();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  for (const stop of stops.reverse()) await stop().catch((error) => console.error(`while stopping: ${error.message}`));
}
if (interruptedBy !== undefined) console.error(`interrupted by ${interruptedBy}`);
if (counts.passed + counts.failed === 0) console.error('no test ran');
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = interruptedBy === undefined && counts.failed === 0 && counts.passed > 0 ? 0 : 1;

async function testAll() {
  for (const { name, args } of CHECKS) {
    const startedAt = Date.now();
    const { code, output } = await run(args, { timeoutMs: CHECK_TIMEOUT_MS });
    if (code !== 0) throw new Error(`${output}\nfailed: ${name}`);
    console.log(`ok: ${name} (${Date.now() - startedAt} ms)`);
    throwIfInterrupted();
  }
  const environment = await startServices();
  throwIfInterrupted();
  return await runVitest(environment);
}

/** The addresses of the services, as the environment variables that an edge and the tests read. */
async function startServices() {
  const services = await import('../packages/local-services/dist/index.js');
  await services.ensureDebianPackages(['mariadb-server', 'redis-server', 'haproxy'], (line) => console.log(line));
  const environment = {};
  const given = Object.fromEntries(
    DATABASE_VARIABLES.map((name) => [name, process.env[name] ?? process.env[name.toUpperCase()]]),
  );
  if (given.mysql_host === undefined) {
    const mariadb = await services.startMariadb();
    stops.push(() => mariadb.stop());
    const { host, port, user, password, database } = mariadb;
    const values = [host, String(port), user, password, database];
    DATABASE_VARIABLES.forEach((name, index) => {
      environment[name] = values[index];
    });
  } else {
    Object.assign(environment, given);
  }
  for (const name of DATABASE_VARIABLES) environment[name.toUpperCase()] = environment[name];
  throwIfInterrupted();
  if (process.env.REDIS_URL === undefined) {
    const redis = await services.startRedis();
    stops.push(() => redis.stop());
    environment.REDIS_URL = redis.url;
  }
  const where = (given_) => (given_ === undefined ? 'private' : 'from the environment');
  console.log(`ok: services (MariaDB ${where(given.mysql_host)}, Redis ${where(process.env.REDIS_URL)})`);
  return environment;
}

async function runVitest(environment) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tests-'));
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  const report = join(folder, 'report.json');
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'];
  const { code } = await run([...args, `--outputFile.json=${report}`, ...process.argv.slice(2)], {
    timeoutMs: TESTS_TIMEOUT_MS,
    environment,
    show: true,
  });
  return countTests(report, code);
}

/** A file that could not be loaded, an error outside any test and a run that was cut short are failures too. */
function countTests(report, exitCode) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error(`the test run left no report (exit code ${exitCode})`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = results.numFailedTests + brokenFiles;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

function run(args, { timeoutMs, environment = {}, show = false }) {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, args, {
      cwd: ROOT,
      env: {
        ...process.env,
        ...(process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined }),
        ...environment,
      },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    child = started;
    let output = '';
    for (const stream of [started.stdout, started.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const timer = setTimeout(() => {
      console.error(`not finished after ${timeoutMs / 1000} s: ${args.join(' ')}`);
      endChild(started);
    }, timeoutMs);
    started.on('error', reject);
    started.on('close', (code) => {
      clearTimeout(timer);
      child = undefined;
      resolve({ code, output: output.trim() });
    });
  });
}

function interrupt(cause) {
  if (interruptedBy !== undefined) return;
  interruptedBy = cause;
  if (child !== undefined) endChild(child);
}

function endChild(process_) {
  process_.kill('SIGTERM');
  setTimeout(() => process_.kill('SIGKILL'), KILL_GRACE_MS).unref();
}

function throwIfInterrupted() {
  if (interruptedBy !== undefined) throw new Error('the tests were not run to their end');
}
