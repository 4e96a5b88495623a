import { FakeClock, silentLog } from '@parley/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Health } from '../src/health.ts';
import { AdminServer } from '../src/http.ts';
import { Metrics } from '../src/metrics.ts';

interface Probe {
  readonly settle: (error?: Error) => void;
}

function make() {
  const clock = new FakeClock();
  const probes: Probe[] = [];
  const state = { busUp: true };
  const health = new Health({
    clock,
    log: silentLog,
    busUp: () => state.busUp,
    pingStore: () =>
      new Promise<void>((resolve, reject) => {
        probes.push({ settle: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  });
  return { clock, probes, state, health };
}

describe('Health', () => {
  it('is not ready while starting, and says what it waits for', () => {
    const { health } = make();
    expect(health.readiness()).toMatchObject({ ready: false, phase: 'starting', reasons: ['starting'] });
    health.waitFor('Redis');
    expect(health.readiness().reasons).toEqual(['starting: waiting for Redis']);
    health.waitFor(null);
    health.enter('serving');
    expect(health.readiness()).toEqual({ ready: true, phase: 'serving', reasons: [], degraded: [] });
  });

  it('G10: is not ready while draining', () => {
    const { health } = make();
    health.enter('serving');
    health.enter('draining');
    expect(health.readiness()).toMatchObject({ ready: false, reasons: ['draining'] });
  });

  it('G4: stays ready while the bus is down, and says so', () => {
    const { health, state } = make();
    health.enter('serving');
    state.busUp = false;
    expect(health.readiness()).toMatchObject({ ready: true, degraded: [expect.stringMatching(/bus is down/)] });
  });

  it('is not ready once the store has not answered for three seconds, and is again when it does', async () => {
    const { health, clock, probes } = make();
    health.enter('serving');
    clock.advance(1_000);
    probes[0]?.settle(new Error('gone'));
    await clock.settle();
    expect(health.readiness()).toMatchObject({ ready: true, degraded: ['the store has not answered for 0 s'] });
    await clock.advanceAsync(1_000);
    probes[1]?.settle(new Error('gone'));
    await clock.advanceAsync(2_000);
    expect(health.readiness()).toMatchObject({ ready: false, reasons: ['the store has not answered for 3 s'] });
    probes[2]?.settle();
    await clock.settle();
    expect(health.readiness()).toMatchObject({ ready: true, degraded: [] });
  });

  it('G8: asks a store that hangs one question and no more', () => {
    const { health, clock, probes } = make();
    health.enter('serving');
    clock.advance(60_000);
    expect(probes).toHaveLength(1);
  });

  it('leaves no timer behind', () => {
    const { health, clock } = make();
    health.enter('serving');
    health.enter('draining');
    health.enter('stopped');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('AdminServer', () => {
  const { health } = make();
  const metrics = new Metrics(silentLog);
  let server: AdminServer;
  let base: string;

  beforeEach(async () => {
    server = new AdminServer({
      ...{ host: '127.0.0.1', port: 0, health, registry: metrics.registry, log: silentLog },
      details: () => ({ version: '1.2.3' }),
    });
    base = `http://127.0.0.1:${(await server.listen()).port}`;
  });

  afterEach(() => server.close());

  it.each<[string, string, number, RegExp]>([
    ['GET', '/livez', 200, /"alive":true/],
    ['HEAD', '/livez', 200, /^$/],
    ['GET', '/readyz', 503, /"ready":false.*"reasons":\["starting"\].*"version":"1\.2\.3"/],
    ['GET', '/readyz?verbose', 503, /"ready":false/],
    ['GET', '/metrics', 200, /^parley_connections 0$/m],
    ['GET', '/', 404, /\/livez/],
    ['GET', '/metrics/x', 404, /\/livez/],
    ['POST', '/readyz', 405, /GET/],
  ])('%s %s', async (method, path, status, body) => {
    const response = await fetch(base + path, { method });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
  });

  it('ends the connections of those who look when it closes', async () => {
    await (await fetch(`${base}/livez`)).text();
    await server.close();
    await expect(fetch(`${base}/livez`)).rejects.toThrow();
  });
});
