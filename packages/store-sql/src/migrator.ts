import { randomUUID } from 'node:crypto';
import { SchemaError } from './schema-error.ts';

/** One numbered step. On MySQL a statement of DDL commits by itself, so each one must be harmless when run a second time. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

export interface MigrationReport {
  /** Null when there was no schema. */
  readonly from: number | null;
  readonly to: number;
}

/** A connection that alone may change the schema, for as long as it is used. `?` marks parameters. */
export interface MigrationSession {
  run(text: string, parameters?: readonly (string | number)[]): Promise<readonly unknown[]>;
  /** Runs the steps of one migration, all or nothing where the database can. */
  atomically(steps: () => Promise<void>): Promise<void>;
  /** The version in the database; null when there is none. */
  version(): Promise<number | null>;
}

const latest = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0;

/** Runs what is missing, in order. Every migration is recorded with its own statements' success, so a crash is resumed. */
export async function runMigrations(
  session: MigrationSession,
  migrations: readonly Migration[],
): Promise<MigrationReport> {
  const from = await session.version();
  const to = latest(migrations);
  if (from !== null && from > to) throw new SchemaError(from, to);
  for (const { version, name, statements } of migrations) {
    if (from !== null && version <= from) continue;
    await session.atomically(async () => {
      for (const statement of statements) await session.run(statement);
      if (version === 1) await makeEpoch(session);
      await session.run('INSERT INTO schema_migrations (version, name) VALUES (?, ?)', [version, name]);
    });
  }
  return { from, to };
}

export function assertSchemaVersion(have: number | null, migrations: readonly Migration[]): void {
  const want = latest(migrations);
  if (have !== want) throw new SchemaError(have, want);
}

/** Made once: a first migration that was cut off after this keeps its epoch when it is resumed. */
async function makeEpoch(session: MigrationSession): Promise<void> {
  const existing = await session.run("SELECT value FROM meta WHERE name = 'epoch'");
  if (existing.length > 0) return;
  await session.run("INSERT INTO meta (name, value) VALUES ('epoch', ?)", [randomUUID()]);
}
