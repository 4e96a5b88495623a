// `npm run protocol [-- --check | --unreleased]`: writes the JSON Schemas, the AsyncAPI document and docs/protocol.md from the
// schemas in packages/protocol. --check writes nothing and fails when a file is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FINGERPRINTS, outputs, recordVersion, SCHEMAS } from './outputs.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {string[]} what is not as it would be generated, one line per file; empty when all is well */
export function staleFiles(root = ROOT) {
  const wanted = outputs();
  const stale = [...wanted].filter(([path, text]) => read(root, path) !== text).map(([path]) => path);
  return [...stale, ...strangers(root, wanted)];
}

/** Schemas of frames that there are no more. */
function strangers(root, wanted) {
  return ['client', 'server'].flatMap((side) => {
    const folder = join(root, SCHEMAS, side);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.map((name) => `${SCHEMAS}/${side}/${name}`).filter((path) => !wanted.has(path));
  });
}

function write(root, unreleased) {
  const wanted = outputs();
  const fingerprints = recordVersion(read(root, FINGERPRINTS) ?? '{}', { unreleased });
  for (const path of strangers(root, wanted)) rmSync(join(root, path));
  for (const [path, text] of [...wanted, [FINGERPRINTS, fingerprints]]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  console.log(`wrote ${wanted.size + 1} files: ${SCHEMAS}, docs/asyncapi.yaml, docs/protocol.md`);
}

function read(root, path) {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const stale = process.argv.includes('--check') ? staleFiles() : write(ROOT, process.argv.includes('--unreleased'));
    for (const path of stale ?? []) console.error(`${path} is stale: run \`npm run protocol\``);
    process.exitCode = stale === undefined || stale.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
