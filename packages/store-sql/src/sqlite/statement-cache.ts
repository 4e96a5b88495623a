import type { Database, Statement } from './sqlite-database.ts';

/** In UTF-16 units. A prepared statement takes about ten bytes of native memory per unit of its text (measured on the reads of a backlog). */
const MAX_TEXT_KEPT = 262_144;

/**
 * Prepares each text once. libsql frees a statement only after the garbage collector has found it, which knows nothing of the native memory
 * behind it: a statement prepared for each read of a backlog piles up tens of MiB before that. Bounded by the texts' length together; the
 * statement least recently used makes room. For texts that leave the schema alone.
 */
export class StatementCache {
  readonly #database: Database;
  readonly #maxText: number;
  /** Least recently used first. */
  readonly #kept = new Map<string, Statement>();
  #textKept = 0;

  constructor(database: Database, maxText: number = MAX_TEXT_KEPT) {
    this.#database = database;
    this.#maxText = maxText;
  }

  /** The statement may be in use by nobody else: what it returns must be read to its end before the next `prepare`. */
  prepare(text: string): Statement {
    let statement = this.#kept.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text);
      this.#textKept += text.length;
    } else {
      this.#kept.delete(text);
    }
    this.#kept.set(text, statement);
    for (const [oldest] of this.#kept) {
      if (this.#textKept <= this.#maxText) break;
      this.#kept.delete(oldest);
      this.#textKept -= oldest.length;
    }
    return statement;
  }

  /** Forgets every statement and closes the database. */
  close(): void {
    this.#kept.clear();
    this.#textKept = 0;
    this.#database.close();
  }
}
