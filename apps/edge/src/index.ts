/** One node, for who starts it: the configuration, the composition root, and the store for operators. */
export type { AuthConfig, JwtConfig, JwtKeyConfig } from './auth-config.ts';
export { createBus } from './buses.ts';
export { systemClock } from './clock.ts';
export { describeConfig, type EdgeConfig, loadConfig, type MysqlConfig, type SqliteConfig } from './config.ts';
export { ConfigError } from './config-error.ts';
export type { Environment } from './environment.ts';
export { createLogger, type Logger } from './logger.ts';
export { type OpenOperatorStore, openOperatorStore } from './operator/open-operator-store.ts';
export { NoOperatorError } from './operator/operator-client.ts';
export type { OperatorStore } from './operator/operator-store.ts';
export { runEdge } from './run-edge.ts';
export { SETTINGS, type Setting } from './settings.ts';
export { type RunningEdge, startEdge } from './start-edge.ts';
export { openStores, SQLITE_FILE } from './stores.ts';
