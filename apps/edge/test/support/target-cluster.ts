import { randomBytes } from 'node:crypto';
import { startMariadb, startRedis } from '@parley/local-services';
import { openMysqlStore } from '@parley/store-sql';
import { createPool } from 'mysql2/promise';
import { EdgeProcess } from './edge-process.ts';
import { type Query, StoreView } from './store-view.ts';
import { Target, type TargetOptions, TEST_SETTINGS } from './target.ts';

const NODES = 3;

interface Services {
  readonly database: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly redisUrl: string;
  stop(): Promise<void>;
}

export interface ClusterTarget extends Target {
  /** Where the nodes keep everything, under the names that they read (L16). */
  readonly serviceEnv: Readonly<Record<string, string>>;
}

/** Three nodes on MariaDB and Redis: those that the test runner names, with a database and a key prefix of its own, else private ones. */
export async function startThreeNodes(options: TargetOptions = {}): Promise<ClusterTarget> {
  const services = await findServices();
  const database = `parley_e2e_${randomBytes(6).toString('hex')}`;
  const { host, port, user, password } = services.database;
  const serviceEnv = {
    mysql_host: host,
    mysql_port: String(port),
    mysql_user: user,
    mysql_password: password,
    db_name: database,
    REDIS_URL: services.redisUrl,
    PARLEY_REDIS_PREFIX: `${database}:`,
  };
  // More patient than a node: a loaded machine must not fail what only prepares a test.
  const patience = { acquireTimeoutMs: 30_000, queryTimeoutMs: 30_000 };
  const stores = await openMysqlStore({ host, port, user, password, database, ...patience });
  const started: EdgeProcess[] = [];
  const start = async (env: Readonly<Record<string, string>>): Promise<EdgeProcess> => {
    const node = await EdgeProcess.start({ ...TEST_SETTINGS, ...env });
    started.push(node);
    return node;
  };
  // Connects with the first query, when the database is there.
  const pool = createPool({ host, port, user, password, database, connectionLimit: 2 });
  const query: Query = async <Row>(sql: string, values: readonly (string | number)[] = []) => {
    const [rows] = await pool.query(sql, [...values]);
    return rows as Row[];
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((node) => node.stop()));
    await stores.close();
    await pool.query(`DROP DATABASE IF EXISTS ${database}`);
    await pool.end();
    await services.stop();
  };
  try {
    await stores.migrate();
    await options.prepare?.(stores);
    const nodes = await Promise.all(Array.from({ length: NODES }, () => start({ ...serviceEnv, ...options.env })));
    const target = new Target({
      nodes,
      store: new StoreView(query, (column) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column})`),
      startNode: (env) => start({ ...serviceEnv, ...env }),
      nameUser: async (userId, name) => void (await stores.conversations.ensureUser(userId, name)),
      stop,
    });
    return Object.assign(target, { serviceEnv });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function findServices(): Promise<Services> {
  const { mysql_host, mysql_port, mysql_user, mysql_password, REDIS_URL } = process.env;
  const stops: (() => Promise<unknown>)[] = [];
  const privateDatabase = async (): Promise<Services['database']> => {
    const mariadb = await startMariadb();
    stops.push(() => mariadb.stop());
    return mariadb;
  };
  const privateRedis = async (): Promise<string> => {
    const redis = await startRedis();
    stops.push(() => redis.stop());
    return redis.url;
  };
  const database =
    mysql_host === undefined
      ? await privateDatabase()
      : {
          host: mysql_host,
          port: Number(mysql_port ?? 3306),
          user: mysql_user ?? 'root',
          password: mysql_password ?? '',
        };
  const redisUrl = REDIS_URL ?? (await privateRedis());
  return { database, redisUrl, stop: async () => void (await Promise.all(stops.map((stop) => stop()))) };
}
