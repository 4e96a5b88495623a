import type { Log } from '@parley/core';
import { type DestinationStream, destination, pino } from 'pino';
import type { EdgeConfig } from './config.ts';

export interface Logger extends Log {
  /** Writes what is buffered: before the process ends. Never throws. */
  flush(): void;
}

/** Fields that hold what users wrote or what proves who they are, wherever someone puts them by mistake. */
const SECRET_FIELDS = ['token', 'password', 'secret', 'authorization', 'cookie', 'body', 'msg', 'text', 'frame', 'url'];
const MAX_CAUSES = 3;
const MAX_TEXT = 2_000;

/** JSON lines on standard output (or `stream`), one per event. Lines name ids, never bodies or tokens. */
export function createLogger(level: EdgeConfig['logLevel'], stream?: DestinationStream): Logger {
  const out = stream ?? destination({ dest: 1, sync: false, minLength: 4_096 });
  const logger = pino(
    {
      level,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: describeError,
        error: (value: unknown) => (value instanceof Error ? describeError(value) : value),
      },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '(redacted)' },
    },
    out,
  );
  // A reader that has gone away is no reason to end.
  if ('on' in out && typeof out.on === 'function') out.on('error', () => undefined);
  // Lines are written in blocks, and at the latest after this long.
  const flush = (): void => {
    if ('flushSync' in out && typeof out.flushSync === 'function') {
      try {
        out.flushSync();
      } catch {
        // Not opened yet, or its reader has gone: there is nobody to tell.
      }
    }
  };
  if (stream === undefined) setInterval(flush, 250).unref();
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush,
  };
}

export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly outcome?: string;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/** Names the fields it takes: drivers hang the SQL with its values, or the command with its password, on their errors. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, MAX_TEXT) };
  const { code, outcome } = error as { code?: unknown; outcome?: unknown };
  return {
    type: error.name,
    message: error.message.slice(0, MAX_TEXT),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof outcome === 'string' ? { outcome } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack.slice(0, MAX_TEXT) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}
