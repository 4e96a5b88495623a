import { banner } from './banner.ts';
import { loadConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { keepPassingDataYoung } from './heap.ts';
import { createLogger } from './logger.ts';
import { beginEdge } from './start-edge.ts';

/** What a stop may take beyond the drain: the bus, the store, the last log lines. */
const STOP_MARGIN_MS = 10_000;

/**
 * The life of a node that has a process to itself: starts it, says where it is, and ends the process. Exit code 0 after SIGTERM or SIGINT and
 * a drain; 1 when it cannot start, when the drain takes too long, at a second signal, and at an error nobody caught, since what
 * the process then holds in memory is not to be trusted and everything else is in the store.
 */
export async function runEdge(env?: Environment): Promise<void> {
  keepPassingDataYoung();
  const config = orExplain(() => loadConfig(env));
  if (config === null) return process.exit(1);
  const logger = createLogger(config.logLevel);
  const exit = (code: number): never => {
    logger.flush();
    process.exit(code);
  };
  const crash = (kind: string) => (error: unknown) => {
    logger.error({ err: error }, kind);
    exit(1);
  };
  process.on('uncaughtException', crash('uncaught exception'));
  process.on('unhandledRejection', crash('unhandled rejection'));

  const edge = beginEdge(config, logger);
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ signal }, 'told to stop again: ending at once');
      exit(1);
    }
    stopping = true;
    logger.info({ signal }, 'told to stop');
    setTimeout(
      () => {
        logger.error({}, 'the stop took too long');
        exit(1);
      },
      config.stop.delayMs + config.stop.drainMs + STOP_MARGIN_MS,
    );
    void edge.stop().then(() => {
      logger.info({}, 'stopped');
      exit(0);
    });
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);

  try {
    const running = await edge.started;
    if (process.stdout.isTTY || config.store.kind === 'sqlite') process.stdout.write(banner(config, running));
  } catch (error) {
    // A start that fails since it was told to stop is no failure.
    if (stopping) return;
    logger.error({ err: error }, 'cannot start');
    explain(error);
    exit(1);
  }
}

function orExplain<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    explain(error);
    return null;
  }
}

function explain(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${error instanceof ConfigError ? '' : 'Parley cannot start: '}${message}\n`);
}
