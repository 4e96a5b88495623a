import { describe, expect, it } from 'vitest';
import { ScriptedConnection } from './scripted-connection.ts';
import { welcomeFrame } from './scripted-server.ts';

const device = ScriptedConnection.forEachTest();

describe('the token of a connection', () => {
  it('gets a new token at once when the old one has expired, and then more slowly', async () => {
    const tokens = ['old', 'refused', 'good'];
    const reasons: string[] = [];
    device.start({
      getToken: async ({ reason }) => {
        reasons.push(reason);
        return tokens.shift() ?? null;
      },
    });
    expect(await device.server.frame(0, 'hello')).toMatchObject({ token: 'old' });
    device.server.say(0, { type: 'error', code: 2003, name: 'token_expired', message: 'expired', temporary: false });
    device.server.hangUp(0, 4501);
    expect(device.waitMs(await device.state('disconnected', 'token_expired'))).toBe(0);
    await device.clock.advanceAsync(1);
    expect(await device.server.frame(1, 'hello')).toMatchObject({ token: 'refused' });
    device.server.say(1, { type: 'error', code: 2003, name: 'token_expired', message: 'expired', temporary: false });
    device.server.hangUp(1, 4501);
    const wait = device.waitMs(await device.state('disconnected', 'token_expired'));
    expect(wait).toBeGreaterThan(0);
    await device.clock.advanceAsync(wait + 1);
    expect(await device.server.greet(2)).toMatchObject({ token: 'good' });
    await device.state('connected');
    expect(reasons).toEqual(['connect', 'expired', 'expired']);
  });

  it('stops with an expired token that cannot be renewed', async () => {
    device.start({ token: 'only' });
    await device.server.greet(0);
    await device.state('connected');
    device.server.hangUp(0, 4006);
    expect(await device.state('disconnected')).toMatchObject({ reason: 'token_expired', retryAtMs: null });
  });

  it('tries a getToken that fails again, reports it, and stops when it gives null', async () => {
    const answers = [() => Promise.reject(new Error('503')), () => 'good', () => null];
    const errors: string[] = [];
    device.start({ getToken: () => (answers.shift() ?? (() => null))() });
    device.client.on('error', (error) => errors.push(error.message));
    const at = await device.state('disconnected', 'no_token');
    expect(errors).toEqual(['503']);
    await device.clock.advanceAsync(device.waitMs(at) + 1);
    await device.server.greet(0);
    await device.state('connected');
    device.server.hangUp(0, 4006);
    await device.state('disconnected', 'token_expired');
    await device.clock.advanceAsync(1);
    expect(await device.state('disconnected', 'no_token')).toMatchObject({ retryAtMs: null });
  });

  it('gives up a getToken that never answers, reports it, and asks again', async () => {
    let calls = 0;
    const errors: string[] = [];
    device.start({
      getToken: () => {
        calls += 1;
        return calls === 1 ? new Promise(() => undefined) : 'good';
      },
    });
    device.client.on('error', (error) => errors.push(error.message));
    await device.clock.advanceAsync(29_999);
    expect(device.client.state.status).toBe('connecting');
    await device.clock.advanceAsync(2);
    const at = await device.state('disconnected', 'no_token');
    expect(errors).toEqual(['getToken took too long.']);
    await device.clock.advanceAsync(device.waitMs(at) + 1);
    expect(await device.server.greet(0)).toMatchObject({ token: 'good' });
    await device.state('connected');
    expect(calls).toBe(2);
  });

  it('asks again when getToken never answers while the connection is to be extended', async () => {
    const reasons: string[] = [];
    const errors: string[] = [];
    device.start({
      getToken: ({ reason }) => {
        reasons.push(reason);
        return reasons.length === 2 ? new Promise(() => undefined) : `token ${reasons.length}`;
      },
    });
    device.client.on('error', (error) => errors.push(error.message));
    await device.server.greet(0);
    await device.state('connected');
    device.server.say(0, { type: 'refresh_needed', expires_at: '2026-11-23 01:02:03.000004' });
    device.server.say(0, { type: 'typing', conv_id: 5, user_id: 2, active: true });
    await new Promise<void>((resolve) => void device.client.on('typing', () => resolve()));
    expect(reasons).toEqual(['connect', 'refresh']);
    await device.clock.advanceAsync(35_001);
    expect(await device.server.frame(0, 'refresh')).toMatchObject({ token: 'token 3' });
    expect(reasons).toEqual(['connect', 'refresh', 'refresh']);
    expect(errors).toEqual(['getToken took too long.']);
    expect(device.client.state.status).toBe('connected');
  });

  it('tries a getToken that throws again, as one that rejects', async () => {
    const errors: string[] = [];
    device.start({
      getToken: () => {
        if (errors.length === 0) throw new Error('no session storage');
        return 'good';
      },
    });
    device.client.on('error', (error) => errors.push(error.message));
    const at = await device.state('disconnected', 'no_token');
    expect(errors).toEqual(['no session storage']);
    await device.clock.advanceAsync(device.waitMs(at) + 1);
    expect(await device.server.greet(0)).toMatchObject({ token: 'good' });
    await device.state('connected');
  });

  it('refuses a token of another user', async () => {
    device.start({ token: 'of-two', userId: 1 });
    await device.server.frame(0, 'hello');
    device.server.say(0, welcomeFrame({ user_id: 2 }));
    expect(await device.state('disconnected')).toMatchObject({ reason: 'wrong_user', retryAtMs: null });
  });
});
