import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import type { Query } from './store-view.ts';

const MAX_TRIES = 50;
const WAL_HEADER_BYTES = 32;

/**
 * Queries on what a running node has committed. The node has its file locked for itself, so what is read is a copy of the file and its log, as
 * SQLite would find them after a crash: it takes the log's whole transactions and drops the rest.
 */
export const sqliteSnapshots =
  (file: string): Query =>
  async <Row>(sql: string, values: readonly (string | number)[] = []): Promise<Row[]> => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-snapshot-'));
    try {
      const copy = join(folder, 'copy.sqlite');
      copyBoth(file, copy);
      const database = new Libsql(copy);
      try {
        return database.prepare(sql).all(values as unknown[]) as Row[];
      } finally {
        database.close();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

/** A checkpoint moves pages from the log to the file and then begins the log anew: a copy taken across one is no snapshot, and is taken again. */
function copyBoth(from: string, to: string): void {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const before = state(from);
    copyFileSync(from, to);
    copyFileSync(`${from}-wal`, `${to}-wal`);
    if (state(from) === before) return;
  }
  throw new Error(`no quiet moment to copy ${from}`);
}

/** Changes with each checkpoint: the file is written, and the log's header gets a new salt. */
function state(file: string): string {
  const { size, mtimeNs } = statSync(file, { bigint: true });
  const log = openSync(`${file}-wal`, 'r');
  try {
    const header = Buffer.alloc(WAL_HEADER_BYTES);
    readSync(log, header, 0, WAL_HEADER_BYTES, 0);
    return `${size} ${mtimeNs} ${header.toString('hex')}`;
  } finally {
    closeSync(log);
  }
}
