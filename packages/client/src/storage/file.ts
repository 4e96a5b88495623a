import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OutboxStorage, StoredSend } from '../api/storage.ts';
import { FileLock, readIfThere } from './file-lock.ts';

/** One line of the journal: a send was put, or removed. */
type Line = { readonly put: StoredSend } | { readonly remove: string };

/** The journal is written anew when it has this many lines, and most of them say nothing any more. */
const MIN_LINES_TO_COMPACT = 1_000;

/**
 * Keeps the outbox in a file, for Node. A `put` resolves when it is on the disk (`fdatasync`); what is called meanwhile is written together. A
 * crash in the middle of a write leaves a torn last line, which is passed over; the file is replaced as a whole (`rename`) when it is
 * compacted. One process at a time: another one's lock file makes every method reject.
 * @param path its folder is made if there is none; `<path>.lock` and `<path>.new` lie beside it
 */
export function fileStorage(path: string): OutboxStorage {
  return new FileStorage(path);
}

class FileStorage implements OutboxStorage {
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #sends = new Map<string, StoredSend>();
  #lines = 0;
  #file: Promise<FileHandle> | null = null;
  /** A write has failed: the file may end in the middle of a line. */
  #torn = false;
  #unwritten: string[] = [];
  #written: Promise<void> | null = null;
  /** Writes follow each other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#lock = new FileLock(path);
  }

  async load(): Promise<StoredSend[]> {
    await this.#opened();
    return [...this.#sends.values()];
  }

  async put(send: StoredSend): Promise<void> {
    await this.#opened();
    this.#sends.set(send.clientId, send);
    await this.#append({ put: send });
  }

  async remove(clientId: string): Promise<void> {
    await this.#opened();
    if (this.#sends.delete(clientId)) await this.#append({ remove: clientId });
  }

  async close(): Promise<void> {
    if (this.#file === null) return;
    try {
      await this.#opened();
      await this.#tail;
      // Not before: the last write may have replaced it.
      await (await this.#opened()).close();
    } finally {
      await this.#lock.release();
    }
  }

  #opened(): Promise<FileHandle> {
    this.#file ??= this.#open();
    return this.#file;
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    await this.#lock.take();
    for (const line of ((await readIfThere(this.#path)) ?? '').split('\n')) this.#apply(line);
    await this.#rewrite();
    return open(this.#path, 'a');
  }

  #apply(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // The end of the file, or a line that a crash has torn: its `put` had not resolved.
      return;
    }
    if ('put' in line) this.#sends.set(line.put.clientId, line.put);
    else this.#sends.delete(line.remove);
  }

  /** What is appended in one turn, and while a write is under way, is one write. */
  #append(line: Line): Promise<void> {
    this.#unwritten.push(`${JSON.stringify(line)}\n`);
    if (this.#written === null) {
      const written = this.#tail.then(() => this.#write());
      this.#written = written;
      this.#tail = written.catch(() => undefined);
    }
    return this.#written;
  }

  async #write(): Promise<void> {
    const lines = this.#unwritten;
    this.#unwritten = [];
    this.#written = null;
    const file = await this.#opened();
    if (this.#lines + lines.length > Math.max(MIN_LINES_TO_COMPACT, 2 * this.#sends.size)) {
      await this.#rewrite();
      this.#file = open(this.#path, 'a');
      await this.#file;
      await file.close();
      return;
    }
    // What was torn is a line of its own then, and passed over.
    const start = this.#torn ? '\n' : '';
    this.#torn = true;
    await file.appendFile(start + lines.join(''));
    await file.datasync();
    this.#torn = false;
    this.#lines += lines.length;
  }

  async #rewrite(): Promise<void> {
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w');
    try {
      await file.writeFile([...this.#sends.values()].map((put) => `${JSON.stringify({ put })}\n`).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#path);
    this.#torn = false;
    this.#lines = this.#sends.size;
  }
}
