import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@parley/core/testing';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jwtAuthenticators, NOW_SECONDS, signed } from './support/jwt-authenticators.ts';

describe('JwtAuthenticator: keys of a URL', () => {
  let server: Server;
  let url: string;
  let requests = 0;
  let answer: () => { status: number; body: string };
  let keySet: string;

  let rsa: Awaited<ReturnType<typeof generateKeyPair>>;
  const open = jwtAuthenticators();

  beforeAll(async () => {
    rsa = await generateKeyPair('RS256', { extractable: true });
    keySet = JSON.stringify({ keys: [{ ...(await exportJWK(rsa.publicKey)), kid: 'one', alg: 'RS256' }] });
    server = createServer((_request, response) => {
      requests += 1;
      const { status, body } = answer();
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const good = () => signed({ sub: '7' }, rsa.privateKey, { alg: 'RS256', kid: 'one' });

  it('L17: fetches them once, and keeps them while their server is away', async () => {
    requests = 0;
    answer = () => ({ status: 200, body: keySet });
    const authenticator = await open({ kind: 'jwks_url', url });
    for (let i = 0; i < 5; i++) expect(await authenticator.authenticate(await good())).toMatchObject({ ok: true });
    expect(requests).toBe(1);
    answer = () => ({ status: 500, body: '' });
    await authenticator.refreshKeys();
    expect(requests).toBe(2);
    expect(await authenticator.authenticate(await good())).toMatchObject({ ok: true });
  });

  it('fetches them anew every ten minutes, so that a key taken back is refused', async () => {
    answer = () => ({ status: 200, body: keySet });
    const clock = new FakeClock(NOW_SECONDS * 1e6);
    const authenticator = await open({ kind: 'jwks_url', url }, {}, clock);
    const before = requests;
    answer = () => ({ status: 200, body: JSON.stringify({ keys: [] }) });
    clock.advance(600_000);
    await expect.poll(() => requests).toBe(before + 1);
    const late = await signed({ sub: '7', exp: NOW_SECONDS + 3_600 }, rsa.privateKey, { alg: 'RS256', kid: 'one' });
    await expect.poll(() => authenticator.authenticate(late)).toMatchObject({ ok: false, error: 'invalid_token' });
  });

  it('does not fetch for each token with an unknown key', async () => {
    answer = () => ({ status: 200, body: keySet });
    const authenticator = await open({ kind: 'jwks_url', url });
    const before = requests;
    const stranger = await generateKeyPair('RS256');
    for (let i = 0; i < 5; i++) {
      const forged = await signed({ sub: '7' }, stranger.privateKey, { alg: 'RS256', kid: `made-up-${i}` });
      expect(await authenticator.authenticate(forged)).toMatchObject({ ok: false, error: 'invalid_token' });
    }
    expect(requests).toBe(before);
  });

  it.each([
    ['an error', () => ({ status: 500, body: '' })],
    ['no JSON', () => ({ status: 200, body: '<html>' })],
    ['no key set', () => ({ status: 200, body: '{"keys":7}' })],
    ['more than 1 MiB', () => ({ status: 200, body: `{"keys":[],"x":"${'x'.repeat(1_100_000)}"}` })],
  ])('does not blame the token when the server answers with %s, and recovers', async (_name, bad) => {
    answer = bad;
    const authenticator = await open({ kind: 'jwks_url', url });
    expect(await authenticator.authenticate(await good())).toEqual({ ok: false, error: 'internal' });
    answer = () => ({ status: 200, body: keySet });
    await authenticator.refreshKeys();
    expect(await authenticator.authenticate(await good())).toMatchObject({ ok: true });
  });
});
