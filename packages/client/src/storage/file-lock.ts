import { link, readFile, rm, writeFile } from 'node:fs/promises';

/** Of `/proc/<pid>/stat` behind the name in brackets: when the process began, in ticks since the machine did. */
const BEGAN_FIELD = 19;

/**
 * `<path>.lock` says which process has the file: its id and, where that can be known (Linux), when it began. So an id that was given out again, as 1 is
 * in each start of a container, is not taken for its predecessor. The lock of a process that is gone is taken over.
 */
export class FileLock {
  readonly #path: string;
  readonly #lock: string;
  #taken = false;

  constructor(path: string) {
    this.#path = path;
    this.#lock = `${path}.lock`;
  }

  /** @throws when a process that lives has it, or is taking it */
  async take(): Promise<void> {
    const own = `${this.#lock}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    try {
      await writeFile(own, `${process.pid} ${await beganAt(process.pid)}`);
      await this.#acquire(own, this.#lock);
      this.#taken = true;
    } finally {
      await rm(own, { force: true });
    }
  }

  /** What a dead process has left is removed under a lock for that alone: else it might be what another has taken since the look. */
  async #acquire(own: string, lock: string): Promise<void> {
    while (!(await isLinked(own, lock))) {
      const holder = await readIfThere(lock);
      if (await isHeld(holder)) {
        throw new Error(`${this.#path} is in use by process ${Number.parseInt(holder ?? '', 10)} (${lock})`);
      }
      if (holder === null) continue;
      const removing = `${lock}.old`;
      await this.#acquire(own, removing);
      try {
        const left = await readIfThere(lock);
        // An absent one may be taken by anybody, at any moment.
        if (left !== null && !(await isHeld(left))) await rm(lock, { force: true });
      } finally {
        await rm(removing, { force: true });
      }
    }
  }

  /** Only one's own. */
  async release(): Promise<void> {
    if (this.#taken) await rm(this.#lock, { force: true });
    this.#taken = false;
  }
}

/** Null: there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: nobody reads half of it. False: it is there already. */
async function isLinked(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isHeld(holder: string | null): Promise<boolean> {
  const [pid = '', began = ''] = (holder ?? '').split(' ');
  if (!isAlive(Number(pid))) return false;
  const begins = await beganAt(Number(pid));
  return began === '' || begins === '' || began === begins;
}

/** Empty where nothing tells. */
async function beganAt(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[BEGAN_FIELD] ?? '';
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
