import type { StoreError, TimeUs, User } from '@parley/core';
import type { Kysely } from 'kysely';
import type { ChatSchema } from './schema.ts';

/** What the dialect-neutral files must be told about a dialect. Expressions are SQL text, made of column names only. */
export interface SqlFlavor {
  /** The value to bind for a time column. */
  time(atUs: TimeUs): string | number;
  /** Reads a time column as integer microseconds. */
  microseconds(column: string): string;
  /** Reads a text column without loss; decode with `asText`. */
  text(column: string): string;
  /**
   * To follow a table in FROM: it is read by this index, whatever the optimizer thinks. Told where a bound of the read rests on it, since what optimizers think
   * differs between versions (seen: MariaDB 11.8 reads a whole conversation by its senders to find a hundred messages). Empty where the dialect needs no word of it.
   */
  byIndex(index: 'PRIMARY' | 'members_present'): string;
  /** The value to bind for a client id. */
  clientId(clientId: string): string | Uint8Array;
  /** Inserts those users that are absent and leaves the others as they are. */
  insertAbsentUsers(db: Kysely<ChatSchema>, users: readonly User[]): Promise<void>;
  /** A unique key refused the statement. */
  isDuplicate(error: unknown): boolean;
  /** The transaction was rolled back for the sake of another one: running it again at once is right. */
  isDeadlock(error: unknown): boolean;
  failure(error: unknown, outcome: StoreError['outcome']): StoreError;
}
