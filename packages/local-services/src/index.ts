/**
 * MariaDB, Redis, HAProxy and whole clusters on this machine, each in a temporary folder and on free ports, gone with the process that started them: for
 * tests, bench and `npm run cluster`. See docs/development.md.
 */
export { Cluster, type ClusterOptions, startCluster } from './cluster.ts';
export { type DebianPackage, ensureDebianPackages } from './debian-packages.ts';
export type { Command, EdgeAddress, EdgeService } from './edge.ts';
export { freePort } from './free-port.ts';
export { type HaproxyAddress, type HaproxyOptions, type HaproxyService, startHaproxy } from './haproxy.ts';
export type { LocalService } from './local-service.ts';
export { type DatabaseAddress, type MariadbOptions, type MariadbService, startMariadb } from './mariadb.ts';
export { onParentGone } from './parent-watch.ts';
export { type RedisAddress, type RedisOptions, type RedisService, startRedis } from './redis.ts';
export { type ClusterDescription, type RunClusterOptions, runCluster } from './run-cluster.ts';
export type { ProcessExit } from './server-process.ts';
