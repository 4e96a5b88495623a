export { type DebianPackage, ensureDebianPackages } from './debian-packages.ts';
export { freePort } from './free-port.ts';
export type { LocalService } from './local-service.ts';
export { type DatabaseAddress, type MariadbOptions, type MariadbService, startMariadb } from './mariadb.ts';
export { type RedisAddress, type RedisOptions, type RedisService, startRedis } from './redis.ts';
export type { ProcessExit } from './server-process.ts';
