import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { type Manifest, manifest, manifestFiles, parseManifests, ROOT, readYaml } from './manifests.ts';

const require = createRequire(import.meta.url);
const files = manifestFiles();
const kubectl = hasKubectl();

/** `apps/v1` -> `kubernetes-models/apps/v1`; groups with a dot are folders of that name. */
const modelPath = ({ apiVersion }: Manifest): string => `kubernetes-models/${apiVersion}`;

function validate(object: Manifest): void {
  const models = require(modelPath(object)) as Record<string, new (data: unknown) => { validate(): void }>;
  const Model = models[object.kind];
  if (Model === undefined) throw new Error(`no schema for ${object.apiVersion} ${object.kind}`);
  new Model(object).validate();
}

describe('Kubernetes manifests', () => {
  it('are all in the base, and nothing is listed twice', () => {
    const { resources } = readYaml('infra/k8s/base/kustomization.yaml') as { resources: string[] };
    const inFolder = files.map(({ path }) => path).filter((path) => path.startsWith('infra/k8s/base/'));
    const notListed = inFolder
      .map((path) => path.slice('infra/k8s/base/'.length))
      .filter((name) => !resources.includes(name));
    expect(notListed).toEqual(['secret.example.yaml']);
    expect(new Set(resources).size).toBe(resources.length);
  });

  it.each(files.map(({ path, manifest: object }) => [path, object] as const))('%s fits its schema', (_path, object) => {
    validate(object);
  });

  it('the schema check can fail', () => {
    const broken = structuredClone(manifest('deployment.yaml'));
    broken.spec.template.spec.containers[0].readinessProbe.periodSeconds = '3';
    expect(() => validate(broken)).toThrow(/periodSeconds must be integer/);
  });

  // The schemas let unknown fields pass, so `livenesProbe` would be valid. The types do not.
  it('have no field that Kubernetes does not know', () => {
    const typed = files.map(({ manifest: object }) => object);
    expect(typeErrors(typed)).toBe('');
    const misspelt = structuredClone(manifest('deployment.yaml'));
    misspelt.spec.template.spec.containers[0].livenesProbe = {};
    expect(typeErrors([misspelt])).toMatch(/livenesProbe/);
  }, 120_000);

  it.skipIf(!kubectl)('kubectl renders the example overlay, and everything in it fits its schema', () => {
    const objects = parseManifests(kustomize('infra/k8s/overlays/example'));
    expect(objects.map(({ kind }) => kind).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ConfigMap',
      'Deployment',
      'HorizontalPodAutoscaler',
      'Job',
      'Namespace',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
      'Service',
      'Service',
      'ServiceAccount',
    ]);
    for (const object of objects) {
      validate(object.kind === 'Secret' ? unfolded(object) : object);
      if (object.kind !== 'Namespace') expect(object.metadata.namespace).toBe('parley');
    }
    const of = (kind: string): Manifest => objects.find((object) => object.kind === kind)!;
    for (const kind of ['Deployment', 'Job']) {
      const [container] = of(kind).spec.template.spec.containers;
      expect(container.image).toBe('registry.example.com/parley:0.1.0');
      const sources = container.envFrom.map((from: Record<string, { name: string }>) => Object.values(from)[0]?.name);
      expect(sources).toEqual([of('ConfigMap').metadata.name, of('Secret').metadata.name]);
      // The name carries a hash, so that a change of settings rolls the nodes.
      expect(sources[0]).toMatch(/^parley-\w{10}$/);
    }
    for (const selecting of ['Service', 'PodDisruptionBudget']) {
      const { selector } = of(selecting).spec;
      expect(of('Deployment').spec.template.metadata.labels).toMatchObject(selector.matchLabels ?? selector);
    }
  });
});

describe('the Deployment', () => {
  const { spec } = manifest('deployment.yaml');
  const pod = spec.template.spec;
  const [edge] = pod.containers;

  it('rolls without ever having fewer nodes than before, and leaves their number to the autoscaler (G10)', () => {
    expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    expect(spec).not.toHaveProperty('replicas');
    expect(manifest('horizontal-pod-autoscaler.yaml').spec.scaleTargetRef.name).toBe('parley');
  });

  it('keeps Kubernetes from injecting PARLEY_… variables of its own', () => {
    expect(pod.enableServiceLinks).toBe(false);
    expect(manifest('migration-job.yaml').spec.template.spec.enableServiceLinks).toBe(false);
  });

  it('meets the restricted Pod Security Standard, with a read-only root and no API token', () => {
    for (const { spec: one } of [spec.template, manifest('migration-job.yaml').spec.template]) {
      expect(one.automountServiceAccountToken).toBe(false);
      expect(one.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of one.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('has three probes on the admin port, and the Service of the clients is not on it', () => {
    const named = Object.fromEntries(
      edge.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
    );
    expect(named).toEqual({ ws: 3128, admin: 9128 });
    expect(edge.startupProbe.httpGet).toEqual({ path: '/livez', port: 'admin' });
    expect(edge.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'admin' });
    expect(edge.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'admin' });
    expect(manifest('service-client.yaml').spec.ports).toMatchObject([{ targetPort: 'ws' }]);
    expect(manifest('service-admin.yaml').spec.ports).toMatchObject([{ targetPort: 'admin' }]);
  });
});

function kustomize(folder: string): string {
  return execFileSync('kubectl', ['kustomize', folder], { cwd: ROOT, encoding: 'utf8', timeout: 60_000 });
}

/** kubectl folds long base64, which Kubernetes reads but the schema's format does not know. */
const unfolded = (secret: Manifest): Manifest =>
  JSON.parse(JSON.stringify(secret), (_key, value) => (typeof value === 'string' ? value.replaceAll('\n', '') : value));

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

/** Compiles the objects as literals of their interfaces: TypeScript refuses unknown properties in a literal, at any depth. */
function typeErrors(objects: readonly Manifest[]): string {
  const source = objects
    .map((object, index) => {
      const name = `I${object.kind}`;
      const alias = `${name}${index}`;
      return `import type { ${name} as ${alias} } from '${modelPath(object)}';\nexport const o${index}: ${alias} = ${JSON.stringify(object)};\n`;
    })
    .join('');
  const file = `${ROOT}infra/test/.manifests-${process.pid}-${objects.length}.ts`;
  writeFileSync(file, source);
  try {
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--moduleResolution', 'nodenext'];
    execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...flags, '--ignoreConfig', file], {
      encoding: 'utf8',
      timeout: 100_000,
    });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  } finally {
    rmSync(file);
  }
}
