// `npm run check:imports [-- folder]`: fails when a source file breaks one of the project's import rules.
//
// Imports run one way (import-rules.mjs): protocol <- core <- adapters <- apps; adapters never import each other. What a
// package imports, it declares; another package is imported by its name, never by a path into it. The engine (core) has
// no environment, clock or timer; an edge reads the environment in one file. No default exports, no barrel inside a
// package, no file beyond 400 lines.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  FORBIDDEN_IN_ENGINE,
  MAX_LINES,
  PACKAGES,
  RESTRICTED,
  TEST_PACKAGES,
  WORKSPACES_FOR_TESTS,
} from './import-rules.mjs';
import { sourceFacts } from './source-facts.mjs';

const SOURCE = /\.(?:ts|tsx|mts|cts|js|mjs|cjs)$/;
const COUNTED = /\.(?:ts|tsx|mts|cts|js|mjs|cjs|lua|sh)$/;
const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);
const WITHOUT_PACKAGE = ['scripts', 'k6', 'infra'];

/**
 * @param {string} root folder of the project
 * @returns {string[]} one line per broken rule: `path:line: what is wrong`; empty if all is well
 */
export function checkImports(root) {
  const rootManifest = readJson(join(root, 'package.json'));
  const workspaces = findWorkspaces(root);
  const problems = [];
  for (const workspace of workspaces) {
    if (workspace.rule === undefined) {
      problems.push(`${workspace.folder}: has no rule in scripts/import-rules.mjs`);
      continue;
    }
    for (const path of filesUnder(join(root, workspace.folder), COUNTED)) {
      const text = readFileSync(path, 'utf8');
      const report = (line, what) => problems.push(`${posix(relative(root, path))}:${line}: ${what}`);
      checkLength(text, report);
      if (!SOURCE.test(path)) continue;
      const inside = posix(relative(join(root, workspace.folder), path));
      checkFile({ path, inside, text, root, workspace, workspaces, rootManifest }, report);
    }
  }
  for (const folder of WITHOUT_PACKAGE) {
    for (const path of filesUnder(join(root, folder), COUNTED)) {
      const report = (line, what) => problems.push(`${posix(relative(root, path))}:${line}: ${what}`);
      checkLength(readFileSync(path, 'utf8'), report);
    }
  }
  return problems;
}

function checkFile(file, report) {
  const { inside, workspace } = file;
  const { rule } = workspace;
  const facts = sourceFacts(file.path, file.text);
  // The engine's own testing helpers ship to tests only.
  const isTest = /\.test\.[a-z]+$/.test(inside) || /^(?:test|src\/testing)\//.test(inside);

  for (const { line, name } of facts.imports) {
    const problem = name.startsWith('.') ? relativeProblem(file, name) : packageProblem(file, name, isTest);
    if (problem !== undefined) report(line, `imports ${name}: ${problem}`);
  }
  if (!isTest && rule.reads !== 'all' && !rule.reads.includes(inside)) {
    for (const line of facts.environment) report(line, `reads process.env; only ${environmentReaders(rule)}`);
  }
  if (!isTest && rule.engine === true) {
    for (const { line, name } of facts.clock) report(line, `uses ${name}; the engine takes time from its Clock`);
  }
  if (workspace.folder !== 'apps/web') {
    for (const line of facts.defaultExports) report(line, 'default export; name it');
  }
  if (/(?:^|\/)index\.[a-z]+$/.test(inside) && /^src\//.test(inside) && !isEntry(workspace.manifest, inside)) {
    report(1, 'a barrel inside a package; import the files themselves');
  }
}

function environmentReaders({ reads }) {
  return reads.length === 0 ? 'an app may, and passes on what is needed' : `${reads.join(', ')} may`;
}

function relativeProblem({ path, root, workspace }, name) {
  const target = resolve(dirname(path), name);
  const own = join(root, workspace.folder) + sep;
  if (target.startsWith(own)) return undefined;
  return target.startsWith(join(root, 'packages') + sep) || target.startsWith(join(root, 'apps') + sep)
    ? 'a path into another package; import the package by its name'
    : 'a path out of its package';
}

function packageProblem(file, name, isTest) {
  const { workspace, workspaces, rootManifest } = file;
  const { rule, manifest } = workspace;
  if (isBuiltin(name)) {
    if (!name.startsWith('node:')) return 'a built-in module is imported with node: in front';
    const forbidden = rule.engine === true && !isTest && FORBIDDEN_IN_ENGINE.includes(name.slice('node:'.length));
    return forbidden ? 'the engine knows no process, clock, socket or disk' : undefined;
  }
  const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  const allowedIn = RESTRICTED[packageName];
  if (allowedIn !== undefined && !allowedIn.includes(workspace.folder)) {
    return `only ${allowedIn.join(' and ') || 'an alias'} may`;
  }
  const ours = workspaces.find((other) => other.manifest.name === packageName);
  if (ours !== undefined) {
    if (!isExported(ours.manifest, name)) return `a path into another package that its "exports" do not offer`;
    const forTests = [...WORKSPACES_FOR_TESTS, ...(rule.inTests ?? [])];
    const free = rule.ours === 'all' || ours === workspace || (isTest && forTests.includes(packageName));
    if (!free && !rule.ours.includes(packageName)) return `against the direction of imports`;
  } else if (rule.others !== undefined && !rule.others.includes(packageName)) {
    if (!isTest || !TEST_PACKAGES.includes(packageName)) return 'this package may not';
  }
  if (ours === workspace) return undefined;
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  if (isTest || rule.bundled) Object.assign(declared, manifest.devDependencies, rootManifest.devDependencies);
  return packageName in declared ? undefined : `not declared in ${workspace.folder}/package.json`;
}

function isExported(manifest, name) {
  const subpath = `.${name.slice(manifest.name.length)}`;
  return subpath in (manifest.exports ?? {});
}

function isEntry(manifest, inside) {
  return Object.values(manifest.exports ?? {}).some((entry) => entry['parley-source'] === `./${inside}`);
}

function checkLength(text, report) {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > MAX_LINES) report(MAX_LINES + 1, `has ${lines} lines; split it (at most ${MAX_LINES})`);
}

function findWorkspaces(root) {
  return ['packages', 'apps'].flatMap((parent) =>
    list(join(root, parent))
      .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, 'package.json')))
      .map((entry) => {
        const folder = `${parent}/${entry.name}`;
        return { folder, rule: PACKAGES[folder], manifest: readJson(join(root, folder, 'package.json')) };
      }),
  );
}

function filesUnder(folder, pattern) {
  return list(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesUnder(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function posix(path) {
  return path.split(sep).join('/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkImports(resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) console.error(`${problems.length} import rule(s) broken`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
