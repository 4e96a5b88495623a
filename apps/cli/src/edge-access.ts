import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@parley/core';
import {
  ConfigError,
  type EdgeConfig,
  loadConfig,
  NoOperatorError,
  type OperatorStore,
  openOperatorStore,
  SQLITE_FILE,
} from '@parley/edge';
import { DatabaseInUseError, SchemaError } from '@parley/store-sql';
import { CliError } from './cli-error.ts';

/** The configuration that a node in this shell would have. */
export function configFromEnvironment(): EdgeConfig {
  try {
    return loadConfig(process.env);
  } catch (error) {
    throw explained(error);
  }
}

/**
 * Runs `work` on the store that the configuration names: opened, or asked of the node on the embedded store that has it open.
 * @param create whether an embedded store that is not there is made; else that is an error, since the folder is likely to be the wrong one
 */
export async function withOperatorStore<T>(
  work: (store: OperatorStore, config: EdgeConfig) => Promise<T>,
  create: boolean = false,
): Promise<T> {
  const config = configFromEnvironment();
  if (!create && config.store.kind === 'sqlite' && !existsSync(join(config.store.dataDir, SQLITE_FILE))) {
    throw new CliError(
      `There is no data in ${config.store.dataDir} yet.`,
      'Start a node with "parley start", or set PARLEY_DATA_DIR to its data folder (or mysql_host and the like to its database).',
    );
  }
  try {
    const { store, close } = await openOperatorStore(config);
    try {
      return await work(store, config);
    } finally {
      await close();
    }
  } catch (error) {
    throw explained(error, config);
  }
}

/** What the parts of Parley say for people becomes a `CliError`; anything else stays what it is. */
export function explained(error: unknown, config?: EdgeConfig): unknown {
  if (error instanceof ConfigError) {
    return new CliError(error.message, 'The settings are read from the environment; "parley config" lists them all.');
  }
  if (error instanceof SchemaError) return new CliError('The database is not ready for this build.', error.message);
  if (error instanceof DatabaseInUseError || error instanceof NoOperatorError) {
    return new CliError(
      `A node has the embedded store open and could not be asked: ${rootMessage(error)}`,
      'Try again in a moment, or stop the node first.',
    );
  }
  if (error instanceof StoreError || isDriverError(error)) {
    const where = config?.store.kind === 'mysql' ? ` at ${config.store.host}:${config.store.port}` : '';
    return new CliError(
      `The store${where} cannot be used: ${rootMessage(error)}`,
      'Check that it runs, and mysql_host, mysql_port, mysql_user, mysql_password and db_name.',
    );
  }
  return error;
}

/** Of the socket (`ECONNREFUSED`) or of the server (`ER_ACCESS_DENIED_ERROR`). */
const isDriverError = (error: unknown): error is Error =>
  error instanceof Error && /^E[A-Z_]+$/.test((error as NodeJS.ErrnoException).code ?? '');

/** The innermost cause says what happened; the outer ones say in whose hands. */
function rootMessage(error: Error): string {
  let at: Error = error;
  while (at.cause instanceof Error) at = at.cause;
  return at.message === '' ? ((at as NodeJS.ErrnoException).code ?? error.message) : at.message;
}
