import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';

/** As many others may have taken it over at the same time. */
const MAX_ATTEMPTS = 5;
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

  /** @throws when a process that lives has it */
  async take(): Promise<void> {
    const own = `${this.#lock}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    const stale = `${own}.stale`;
    try {
      await writeFile(own, `${process.pid} ${await beganAt(process.pid)}`);
      for (let attempt = 0; !this.#taken; attempt += 1) {
        // Whole or not at all: nobody reads half of it.
        this.#taken = await link(own, this.#lock).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'EEXIST' || attempt === MAX_ATTEMPTS) throw error;
            return false;
          },
        );
        if (this.#taken) return;
        const holder = await readIfThere(this.#lock);
        if (await isHeld(holder)) {
          throw new Error(`${this.#path} is in use by process ${Number.parseInt(holder, 10)} (${this.#lock})`);
        }
        await rename(this.#lock, stale).catch(() => undefined);
        // Another may have taken over between the look and the move: it gets its lock back.
        if ((await readIfThere(stale)) !== holder) await link(stale, this.#lock).catch(() => undefined);
        await rm(stale, { force: true });
      }
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Only one's own. */
  async release(): Promise<void> {
    if (this.#taken) await rm(this.#lock, { force: true });
    this.#taken = false;
  }
}

export async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function isHeld(holder: string): Promise<boolean> {
  const [pid = '', began = ''] = holder.split(' ');
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
