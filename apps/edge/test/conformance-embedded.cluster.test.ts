import type { RuleResult } from '@parley/conformance';
import { CLIENT_FRAMES, CLOSE_CODES, ERROR_CODES, SERVER_FRAMES } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { conformanceTests, rulesFor, rulesThatNeed, SIGN_IN_BY_TOKEN, staged } from './support/conformance.ts';
import { JWT_SETTINGS } from './support/jwt.ts';
import { startEmbedded } from './support/target-embedded.ts';

const played: RuleResult[] = [];
const note = (result: RuleResult): void => void played.push(result);

conformanceTests(
  'an embedded node',
  rulesFor('user_ids', 'own_node'),
  async () => {
    const target = await startEmbedded();
    return { ...staged(target.nodes), startNode: () => target.startNode({}), stop: () => target.stop() };
  },
  note,
);

conformanceTests(
  'an embedded node that asks for tokens',
  rulesThatNeed('tokens'),
  async () => {
    const target = await startEmbedded({ env: JWT_SETTINGS });
    return { ...staged(target.nodes), signIn: SIGN_IN_BY_TOKEN, stop: () => target.stop() };
  },
  note,
);

/**
 * Trouble of the server, which no client can ask for. A database that dies (store_unavailable, outcome_unknown) is in trouble-frames.cluster.test.ts, a slow client in
 * slow-consumer.cluster.test.ts.
 */
const UNPROVOKED = {
  errors: ['store_unavailable', 'draining', 'internal'],
  closes: ['slow_consumer', 'outcome_unknown', 'internal'],
};

describe('the transcripts together', () => {
  it('show every frame of a client and of a server, every error and every close code that can be asked for', () => {
    const sent = new Set<unknown>();
    const got = new Set<unknown>();
    const errors = new Set<unknown>();
    const closes = new Set<number>();
    for (const { direction, text } of played.flatMap(({ transcript }) => transcript)) {
      const close = /^close (\d+)/.exec(text)?.[1];
      if (close !== undefined) closes.add(Number(close));
      const { type, name } = fieldsOf(text);
      if (direction === 'sent') sent.add(type);
      else got.add(type);
      if (type === 'error') errors.add(name);
    }
    const missing = (all: readonly string[], seen: ReadonlySet<unknown>) => all.filter((one) => !seen.has(one));
    expect(missing(Object.keys(CLIENT_FRAMES), sent)).toEqual([]);
    expect(missing(Object.keys(SERVER_FRAMES), got)).toEqual([]);
    expect(missing(Object.keys(ERROR_CODES), errors)).toEqual(UNPROVOKED.errors);
    const unseen = Object.entries(CLOSE_CODES).filter(([, { code }]) => !closes.has(code));
    // V262: whether a flood ends the connection depends on how soon the node has signed the client in.
    expect(unseen.map(([name]) => name).filter((name) => name !== 'too_many_frames')).toEqual(UNPROVOKED.closes);
  });
});

function fieldsOf(text: string): { readonly type?: unknown; readonly name?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}
