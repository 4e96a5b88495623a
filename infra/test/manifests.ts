import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = 'infra/k8s/base';
const OVERLAY = 'infra/k8s/overlays/example';

/** A Kubernetes object as parsed, of which tests read what they check. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: YAML from a file; the schema test proves its shape
  readonly spec: any;
  readonly [field: string]: unknown;
}

export const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

export const readYaml = (path: string): unknown => parse(read(path), { merge: true });

/** Every object in the files of base and overlay, by path. */
export function manifestFiles(): { readonly path: string; readonly manifest: Manifest }[] {
  return [BASE, OVERLAY].flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`)
      .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
      .flatMap((name) =>
        parseManifests(read(`${folder}/${name}`)).map((manifest) => ({ path: `${folder}/${name}`, manifest })),
      ),
  );
}

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

export function manifest(file: string): Manifest {
  const [only] = parseManifests(read(`${BASE}/${file}`));
  if (only === undefined) throw new Error(`${file} is empty`);
  return only;
}

/** `NAME=value` lines, comments left out. */
export function readEnvFile(path: string): Map<string, string> {
  const lines = read(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`${path}: not NAME=value: ${line}`);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
