import type { MysqlPool as KyselyPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import type { MysqlConnection } from './mysql-connection.ts';
import type { MysqlPool } from './mysql-pool.ts';

/** The shape of a pool that Kysely asks for. Closing stays with the pool's owner. */
export function kyselyPool(pool: MysqlPool): KyselyPool {
  return {
    getConnection: (callback) => {
      pool.acquire().then(
        (connection) => callback(null, kyselyConnection(pool, connection)),
        // Kysely reads the connection only when there is no error.
        (error: unknown) => callback(error ?? new Error('no connection'), undefined as unknown as MysqlPoolConnection),
      );
    },
    end: (callback) => callback(null),
  };
}

function kyselyConnection(pool: MysqlPool, connection: MysqlConnection): MysqlPoolConnection {
  const query = (
    text: string,
    values: unknown[],
    callback: (error: unknown, result: MysqlQueryResult) => void,
  ): void => {
    connection.query(text, { values }).then(
      (result) => callback(null, result as MysqlQueryResult),
      (error: unknown) => {
        // After a failed COMMIT or ROLLBACK nobody knows whether the transaction is still open.
        if (text === 'commit' || text === 'rollback') connection.destroy();
        callback(error, []);
      },
    );
  };
  return {
    // No caller streams; Kysely's type asks for both forms.
    query: query as MysqlPoolConnection['query'],
    release: () => pool.release(connection),
  };
}
