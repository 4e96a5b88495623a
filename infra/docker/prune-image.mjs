// Run in the build stage, in the folder that the image ships: takes away what a running node does not need, above all the
// uWebSockets.js builds for other systems (250 MB). Fails when the one that is needed is not there.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const addon = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
const uws = join('node_modules', 'uWebSockets.js');
const neededByUws = new Set([addon, 'uws.js', 'ESM_wrapper.mjs', 'package.json', 'LICENSE']);
const found = readdirSync(uws);
if (!found.includes(addon)) {
  throw new Error(`${uws} has no ${addon}: no uWebSockets.js build for Node ${process.version} on ${process.arch}.`);
}
for (const name of found) {
  if (!neededByUws.has(name)) rmSync(join(uws, name), { recursive: true });
}

for (const group of ['apps', 'packages']) {
  for (const name of readdirSync(group)) {
    const neededByPackage = new Set(['package.json', 'bin', 'dist', 'node_modules']);
    const folder = join(group, name);
    const content = readdirSync(folder);
    for (const entry of content) {
      if (!neededByPackage.has(entry)) rmSync(join(folder, entry), { recursive: true });
    }
  }
}
