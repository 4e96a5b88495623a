import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../apps/edge/src/config.ts';
import { SETTINGS } from '../../apps/edge/src/settings.ts';
import { manifest, read, readEnvFile, readYaml } from './manifests.ts';

const KNOWN = new Set(SETTINGS.flatMap(({ name, aliases = [] }) => [name as string, ...aliases]));

/** Compose's `${NAME:-default}`, with these variables set. */
function interpolate(value: string, variables: Readonly<Record<string, string>>): string {
  return value.replaceAll(
    /\$\{(\w+):-([^}]*)\}/g,
    (_all, name: string, fallback: string) => variables[name] ?? fallback,
  );
}

function composeEnvironment(variables: Readonly<Record<string, string>>): Record<string, string> {
  const { services } = readYaml('infra/compose.yaml') as {
    services: Record<string, { environment: Record<string, string | null> }>;
  };
  const entries = Object.entries(services.edge!.environment);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const given = value === null ? variables[name] : interpolate(value, variables);
      return given === undefined ? [] : [[name, given]];
    }),
  );
}

function kubernetesEnvironment(): Record<string, string> {
  const secret = readEnvFile('infra/k8s/overlays/example/secret.example.env');
  return Object.fromEntries([...readEnvFile('infra/k8s/base/edge.env'), ...secret]);
}

describe('the settings that the manifests give a node', () => {
  it('are settings that it has', () => {
    const given = [...Object.keys(kubernetesEnvironment()), ...Object.keys(composeEnvironment({}))];
    expect(given.filter((name) => !KNOWN.has(name))).toEqual([]);
    expect(read('infra/docker/Dockerfile')).toMatch(/PARLEY_DATA_DIR=\/var\/lib\/parley/);
    expect(KNOWN).toContain('PARLEY_DATA_DIR');
  });

  it('are accepted by it: Kubernetes', () => {
    const config = loadConfig(kubernetesEnvironment());
    expect(config.store.kind).toBe('mysql');
    expect(config.bus.kind).toBe('redis');
    expect(config.auth.kind).toBe('jwt');
    expect(config.listen).toMatchObject({ host: '0.0.0.0', port: 3128 });
    // Probes come over the address of the pod.
    expect(config.admin).toEqual({ host: '0.0.0.0', port: 9128 });
  });

  it('are accepted by it: Compose, as it is and with tokens', () => {
    const plain = loadConfig(composeEnvironment({}));
    expect([plain.store.kind, plain.bus.kind, plain.auth.kind]).toEqual(['mysql', 'redis', 'development']);
    expect(plain.admin).toEqual({ host: '0.0.0.0', port: 9128 });
    const secured = { PARLEY_AUTH: 'jwt', PARLEY_NODE_ENV: 'production', PARLEY_JWT_SECRET: 'x'.repeat(32) };
    expect(loadConfig(composeEnvironment(secured)).auth.kind).toBe('jwt');
    // The half-way house, a public development node in production mode, is refused by the node itself.
    expect(() => loadConfig(composeEnvironment({ PARLEY_NODE_ENV: 'production' }))).toThrow(/Development sign-in/);
  });

  it('agree with the Secret that is the example', () => {
    const example = manifest('secret.example.yaml').stringData as Record<string, string>;
    expect(new Set(Object.keys(example))).toEqual(
      new Set(readEnvFile('infra/k8s/overlays/example/secret.example.env').keys()),
    );
  });

  it('leave it the time that its drain takes before it is killed (G10)', () => {
    const drain = (config: ReturnType<typeof loadConfig>): number => (config.stop.delayMs + config.stop.drainMs) / 1000;
    // 10 s that the node gives itself (run-edge.ts), and some.
    const marginSeconds = 12;
    const pod = manifest('deployment.yaml').spec.template.spec;
    const [, sleepSeconds] = pod.containers[0].lifecycle.preStop.exec.command;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      Number(sleepSeconds) + drain(loadConfig(kubernetesEnvironment())) + marginSeconds,
    );
    const { services } = readYaml('infra/compose.yaml') as { services: Record<string, { stop_grace_period: string }> };
    const grace = Number.parseInt(services.edge!.stop_grace_period, 10);
    expect(grace).toBeGreaterThanOrEqual(drain(loadConfig(composeEnvironment({}))) + marginSeconds);
  });

  it('use the ports that the manifests, the image and the load balancer name', () => {
    const { listen, admin } = loadConfig({});
    expect([listen.port, admin.port]).toEqual([3128, 9128]);
    expect(read('infra/docker/Dockerfile')).toContain(`EXPOSE ${listen.port} ${admin.port}`);
    expect(read('infra/haproxy/edges-compose.cfg')).toContain(`edge:${listen.port} check port ${admin.port}`);
    const [ingress, metrics] = manifest('network-policy.yaml').spec.ingress;
    expect([ingress.ports[0].port, metrics.ports[0].port]).toEqual([listen.port, admin.port]);
  });
});
