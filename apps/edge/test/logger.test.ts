import { describe, expect, it } from 'vitest';
import { createLogger, describeError } from '../src/logger.ts';

function make(level: Parameters<typeof createLogger>[0] = 'info') {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line: string) => void lines.push(line) });
  return { logger, lines };
}

describe('createLogger', () => {
  it('writes one JSON object a line, with level, time and message', () => {
    const { logger, lines } = make();
    logger.info({ userId: 7 }, 'signed in');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      message: 'signed in',
      userId: 7,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = make('warn');
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines).toHaveLength(2);
  });

  it('G7: writes no bodies and no proof of identity, even where someone hands them over', () => {
    const { logger, lines } = make();
    const secret = 'do-not-show';
    logger.info({ token: secret, body: secret, msg: secret, user: { password: secret }, url: secret }, 'careless');
    const error = Object.assign(new Error('Duplicate entry'), {
      code: 'ER_DUP_ENTRY',
      sql: `INSERT INTO messages VALUES ('${secret}')`,
      parameters: [secret],
      command: { name: 'auth', args: [secret] },
    });
    logger.error({ err: new Error('append failed', { cause: error }) }, 'failed');
    // Under this name too, in the same words.
    logger.error({ error, lane: 1 }, 'careless again');
    expect(lines.join('\n')).not.toContain(secret);
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ lane: 1, error: { message: 'Duplicate entry' } });
    logger.warn({ error: String(error) }, 'as text');
    expect(JSON.parse(lines[3] ?? '').error).toBe('Error: Duplicate entry');
    expect(JSON.parse(lines[1] ?? '').err).toMatchObject({
      message: 'append failed',
      cause: { message: 'Duplicate entry', code: 'ER_DUP_ENTRY' },
    });
  });
});

describe('describeError', () => {
  it('G8: ends, however long the chain of causes or the text', () => {
    const loop = new Error('x'.repeat(10_000));
    loop.cause = loop;
    expect(JSON.stringify(describeError(loop)).length).toBeLessThan(20_000);
  });

  it.each([[undefined], [null], ['text'], [{ a: 1 }]])('takes what is no error: %j', (thrown) => {
    expect(describeError(thrown).message).toBe(String(thrown));
  });
});
