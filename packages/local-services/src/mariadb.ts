import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireBinary } from './binaries.ts';
import { freePort } from './free-port.ts';
import { keepFolder, LocalService, makeFolder, removeFolder } from './local-service.ts';
import { probeTcp } from './probe.ts';
import { runToEnd } from './server-process.ts';

export interface MariadbOptions {
  /** Default `parley`. */
  readonly user?: string;
  /** Default: a random one. */
  readonly password?: string;
  /** Created with utf8mb4; default `parley`. */
  readonly database?: string;
  /** Default: a free loopback port. */
  readonly port?: number;
  /** Further server variables, e.g. `{ max_connections: '50' }`; they win over ours. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly parentFolder?: string;
  readonly keepFolder?: boolean;
}

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export type MariadbService = LocalService & DatabaseAddress;

// Durable as in production: a commit is on the disk before it is answered. Only sizes are small.
const VARIABLES: Readonly<Record<string, string>> = {
  innodb_flush_log_at_trx_commit: '1',
  innodb_buffer_pool_size: '256M',
  innodb_log_file_size: '128M',
  character_set_server: 'utf8mb4',
  default_time_zone: '+00:00',
  max_connections: '300',
  skip_name_resolve: '1',
  performance_schema: '0',
};

const NAME = /^[A-Za-z0-9_]{1,60}$/;
const INSTALL_TIMEOUT_MS = 120_000;

/** Starts a private MariaDB whose user may do everything, creating databases too. Needs Debian's `mariadb-server`. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbService> {
  const address: DatabaseAddress = {
    host: '127.0.0.1',
    port: options.port ?? (await freePort()),
    user: options.user ?? 'parley',
    password: options.password ?? randomBytes(12).toString('hex'),
    database: options.database ?? 'parley',
  };
  if (!NAME.test(address.user)) throw new Error(`not a usable user name: ${JSON.stringify(address.user)}`);
  if (!NAME.test(address.database)) throw new Error(`not a usable database name: ${JSON.stringify(address.database)}`);
  const server = requireBinary('mariadbd', 'mariadb-server');
  const installer = requireBinary('mariadb-install-db', 'mariadb-server');

  const folder = makeFolder('mariadb', options.parentFolder);
  if (options.keepFolder === true) keepFolder(folder);
  try {
    const owner = serverOwner();
    if (owner !== undefined) spawnSync('chown', [owner, folder]);
    const asOwner = owner === undefined ? [] : [`--user=${owner}`];
    await installDatabase(installer, folder, asOwner);
    const initFile = join(folder, 'init.sql');
    writeFileSync(initFile, accountsSql(address), { mode: 0o644 });
    const variables = Object.entries({ ...VARIABLES, ...options.variables });
    const service = new LocalService({
      name: 'MariaDB',
      host: address.host,
      port: address.port,
      folder,
      keepFolder: options.keepFolder ?? false,
      command: {
        command: server,
        args: [
          '--no-defaults',
          ...asOwner,
          `--datadir=${join(folder, 'data')}`,
          `--socket=${join(folder, 's')}`,
          `--pid-file=${join(folder, 'pid')}`,
          `--tmpdir=${folder}`,
          `--bind-address=${address.host}`,
          `--port=${address.port}`,
          `--init-file=${initFile}`,
          ...variables.map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`),
        ],
        cwd: folder,
        logFile: join(folder, 'server.log'),
      },
      // The greeting comes once the init file has run: protocol version 10 after the packet's four-byte header.
      probe: () =>
        probeTcp({ host: address.host, port: address.port, accept: (data) => data.length > 4 && data[4] === 10 }),
      readyTimeoutMs: 60_000,
      stopGraceMs: 15_000,
    });
    await service.start();
    const { user, password, database } = address;
    return Object.assign(service, { user, password, database });
  } catch (error) {
    if (options.keepFolder !== true) removeFolder(folder);
    throw error;
  }
}

/** MariaDB refuses to run as root unless told a user; Debian's package brings one. */
function serverOwner(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return spawnSync('id', ['-u', 'mysql'], { stdio: 'ignore' }).status === 0 ? 'mysql' : 'root';
}

async function installDatabase(installer: string, folder: string, asOwner: readonly string[]): Promise<void> {
  const args = [
    '--no-defaults',
    ...asOwner,
    `--datadir=${join(folder, 'data')}`,
    `--tmpdir=${folder}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    // Also where the machine cannot look up its own name: nothing here goes by host names.
    '--force',
  ];
  const command = { command: installer, args, cwd: folder, logFile: join(folder, 'install.log') };
  await runToEnd('mariadb-install-db', command, INSTALL_TIMEOUT_MS);
}

/** Runs at each start, so every statement may be repeated. One statement a line: that is all an init file allows. */
function accountsSql({ user, password, database }: DatabaseAddress): string {
  const quoted = `'${password.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  if (/[\r\n]/.test(password)) throw new Error('the database password holds a line break');
  const accounts = [`'${user}'@'%'`, `'${user}'@'localhost'`];
  return [
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${randomBytes(24).toString('hex')}';`,
    "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');",
    'FLUSH PRIVILEGES;',
    `CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8mb4;`,
    ...accounts.map((account) => `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${quoted};`),
    ...accounts.map((account) => `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`),
    '',
  ].join('\n');
}
