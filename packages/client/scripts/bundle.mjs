// `npm run bundle`: what is published, from the sources and the declarations that `tsc -b` has written to dist/tsc.
//
// Each entry becomes one file per module format, with everything in it: the package needs no other. The testing entry holds the
// whole engine, which imports built-in modules of Node only.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const ENTRIES = [
  { name: 'index', source: 'src/index.ts', platform: 'neutral', minify: true },
  { name: 'file', source: 'src/file.ts', platform: 'node', minify: false },
  { name: 'testing', source: 'src/testing/index.ts', platform: 'node', minify: false },
];
const FORMATS = [
  { format: 'esm', js: 'js', types: 'd.ts' },
  { format: 'cjs', js: 'cjs', types: 'd.cts' },
];

for (const entry of ENTRIES) {
  const bundle = await rolldown({
    input: `${HERE}${entry.source}`,
    platform: entry.platform,
    external: /^node:/,
    resolve: { conditionNames: ['parley-source', 'import', 'default'] },
    transform: { target: 'es2022' },
    treeshake: { moduleSideEffects: false },
  });
  for (const { format, js } of FORMATS) {
    await bundle.write({
      file: `${HERE}dist/${entry.name}.${js}`,
      format,
      minify: entry.minify,
      exports: 'named',
      comments: { annotation: !entry.minify, jsdoc: !entry.minify, legal: true },
    });
  }
  await bundle.close();
  await writeTypes(entry);
}

/** One declaration file per entry; a copy for `require`, since the format follows from the name. */
async function writeTypes({ name, source }) {
  const input = `${HERE}dist/tsc/${source.slice('src/'.length).replace(/\.ts$/, '.d.ts')}`;
  const bundle = await rollup({
    input,
    external: /^node:/,
    plugins: [dts({ respectExternal: true, tsconfig: `${HERE}tsconfig.json` })],
    onwarn: (warning) => {
      throw new Error(`the types of ${name}: ${warning.message}`);
    },
  });
  const file = `${HERE}dist/${name}.d.ts`;
  await bundle.write({ file, format: 'es' });
  await bundle.close();
  const types = readFileSync(file, 'utf8');
  const foreign = /from '(?!node:)[^']*'/.exec(types);
  if (foreign !== null) {
    rmSync(file);
    throw new Error(`the types of ${name} are not complete: ${foreign[0]}`);
  }
  writeFileSync(`${HERE}dist/${name}.d.cts`, types);
}
