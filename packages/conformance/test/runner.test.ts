import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { enter, NotAdmittedError } from '../src/admission.ts';
import { ConformanceFailure } from '../src/failure.ts';
import { reach, UnreachableError } from '../src/reach.ts';
import { countResults, formatReport } from '../src/report.ts';
import { type Rule, rule, topicOf } from '../src/rule.ts';
import { formatRuleList } from '../src/rule-list.ts';
import { RULES } from '../src/rules/all-rules.ts';
import { runConformance } from '../src/runner.ts';
import type { SignIn } from '../src/scene.ts';
import { selectRules } from '../src/select.ts';
import { ScriptedServer } from './scripted-server.ts';

const NOWHERE = 'ws://127.0.0.1:1';
let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const passing = (id: string): Rule => rule(id, `${id} passes`, async () => undefined, { proves: ['G3'] });

describe('the runner', () => {
  it('reports in the order of the rules what passed, failed and could not be played', async () => {
    const rules = [
      passing('V101'),
      rule('V102', 'fails', async () => {
        throw new ConformanceFailure('alice: expected this, got that');
      }),
      rule('V103', 'needs tokens', async () => undefined, { needs: ['tokens'] }),
      rule('V201', 'finds out', async (scene) => {
        throw scene.notPlayable('too large');
      }),
      rule('V202', 'has a fault', async () => {
        throw new TypeError('of its own');
      }),
    ];
    const reported: string[] = [];
    const results = await runConformance({ urls: [NOWHERE], rules, onResult: ({ id }) => reported.push(id) });
    expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      ...['V101 passed', 'V102 failed', 'V103 skipped', 'V201 skipped', 'V202 failed'],
    ]);
    expect(new Set(reported)).toEqual(new Set(['V101', 'V102', 'V103', 'V201', 'V202']));
    expect(reported).toHaveLength(5);
    expect(results[4]?.reason).toMatch(/TypeError: of its own\n\s+at /);
    expect(countResults(results)).toEqual({ passed: 1, failed: 2, skipped: 2 });
    const report = formatReport(results);
    expect(report).toMatch(/^Sign-in\nV101 {3}ok +\d+ ms {2}V101 passes \[G3\]\nV102 {3}FAILED/);
    expect(report).toContain('Skipped (needs tokens: give the secret that the server checks them with): V103');
    expect(report).toContain('Skipped (too large): V201');
    expect(report).toMatch(/\nV102 fails\n {2}alice: expected this, got that\n/);
    expect(report).toMatch(/\n1 passed, 2 failed, 2 skipped$/);
  });

  it('plays as many at the same time as it is told, the slow ones first', async () => {
    const begun: string[] = [];
    let running = 0;
    let most = 0;
    const play = (id: string) => async (): Promise<void> => {
      begun.push(id);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    const rules = ['V1', 'V2', 'V3', 'V4', 'V5'].map((id) => rule(id, id, play(id), { slow: id === 'V4' }));
    await runConformance({ urls: [NOWHERE], rules, concurrency: 2 });
    expect(begun[0]).toBe('V4');
    expect(most).toBe(2);
  });

  it('fails a rule when a frame is left over, and shows the frames', async () => {
    const pong = { type: 'pong', time: '2026-11-23 01:02:03.000004' } as const;
    server = await ScriptedServer.start((_frame, socket) => {
      for (const frame of [{ type: 'ok' }, { type: 'ok' }, pong]) socket.send(JSON.stringify(frame));
    });
    const rules = [2, 1].map((taken, at) =>
      rule(`V10${at}`, `takes ${taken} of 2`, async (scene) => {
        const alice = await scene.open();
        alice.send({ type: 'ping' });
        for (let count = 0; count < taken; count++) await alice.expect({ type: 'ok' });
        await alice.expect(pong);
      }),
    );
    const [clean, dirty] = await runConformance({ urls: [server.url], rules });
    expect(clean?.outcome).toBe('passed');
    expect(dirty).toMatchObject({ outcome: 'failed', reason: 'alice: expected nothing else, got {"type":"ok"}' });
    expect(dirty?.excerpt.join('\n')).toContain('alice -> {"type":"ping"}');
    expect(dirty?.transcript.at(-1)).toMatchObject({ peer: 'alice', direction: 'got', text: JSON.stringify(pong) });
  });

  it('says which address does not answer', async () => {
    await expect(reach(NOWHERE)).rejects.toThrow(UnreachableError);
    await expect(reach(NOWHERE)).rejects.toThrow(/ws:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
    server = await ScriptedServer.start(() => undefined);
    await expect(reach(server.url)).resolves.toBeUndefined();
  });

  it('says that no user is let in, whichever protocol is asked, and leaves everything else to the rules', async () => {
    const refused = JSON.stringify({ type: 'error', code: 2002, name: 'invalid_token', message: 'Send a token.' });
    const said: string[] = [];
    let answer = (_first: string): string => refused;
    server = await ScriptedServer.start((text, socket) => {
      said.push(text);
      socket.send(answer(text));
    });
    const signIn: SignIn = { kind: 'tokens', mint: (userId) => `token-of-${userId}` };
    await expect(enter(server.url, signIn)).rejects.toThrow(NotAdmittedError);
    await expect(enter(server.url, signIn)).rejects.toThrow(`${server.url} refuses to sign a user in: Send a token.`);
    expect(JSON.parse(said[0] ?? '')).toEqual({ type: 'hello', v: 2, token: said[1] });
    // A server of the legacy protocol alone.
    answer = (first) => (first.startsWith('{') ? refused : 'user id 7 received');
    await enter(server.url, signIn);
    answer = () => 'what?';
    await enter(server.url, { kind: 'user_ids' });
  });
});

describe('the rules', () => {
  it('have ids of their own, in order, each within a topic', () => {
    const numbers = RULES.map(({ id }) => Number(/^V(\d{3,4})$/.exec(id)?.[1]));
    expect(new Set(numbers).size).toBe(RULES.length);
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    for (const one of RULES) expect(topicOf(one), one.id).toBeTypeOf('string');
  });

  it('name promises and legacy rules by their ids', () => {
    const named = new Set(RULES.flatMap(({ proves }) => proves));
    for (const id of named) expect(id).toMatch(/^(?:G(?:[1-9]|10)|L(?:1a|[1-9]|1[0-7]))$/);
    for (let promise = 1; promise <= 10; promise++) expect(named).toContain(`G${promise}`);
  });

  it('are picked by id, topic, promise or legacy rule', () => {
    const ids = (...words: string[]): string[] => selectRules(RULES, words).rules.map(({ id }) => id);
    expect(ids('V326')).toEqual(['V326']);
    expect(ids('v326', ' V101')).toEqual(['V101', 'V326']);
    expect(ids('V6xx')).toContain('V601');
    expect(ids('V6xx').every((id) => id.startsWith('V6'))).toBe(true);
    expect(ids('V10xx')).toContain('V1001');
    expect(ids('G9').length).toBeGreaterThan(1);
    expect(selectRules(RULES, ['V326', 'V99', 'G11']).unknown).toEqual(['V99', 'G11']);
  });

  it('are all in docs/conformance.md', () => {
    const page = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8');
    expect(page.endsWith(formatRuleList(RULES)), 'run: node scripts/conformance-docs.mjs').toBe(true);
  });
});
