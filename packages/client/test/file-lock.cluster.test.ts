import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PROCESSES = 6;
const ROUNDS = 150;
const BUILT = new URL('../dist/file.js', import.meta.url).href;
/** Takes the file that it is told and says whether it has it; told nothing, closes it. */
const SCRIPT = `import { fileStorage } from '${BUILT}';
let storage;
process.on('message', async (path) => {
  if (path === '') return process.send(await storage.close().then(() => true, () => false));
  storage = fileStorage(path);
  process.send(await storage.load().then(() => true, () => false));
});
process.send(true);`;

const folder = mkdtempSync(join(tmpdir(), 'parley-lock-'));
const processes: ChildProcess[] = [];
const heard = (child: ChildProcess): Promise<boolean> => once(child, 'message').then(([said]) => said as boolean);

beforeAll(async () => {
  const script = join(folder, 'holder.mjs');
  writeFileSync(script, SCRIPT);
  for (let n = 0; n < PROCESSES; n += 1) processes.push(fork(script));
  await Promise.all(processes.map(heard));
});

afterAll(async () => {
  const gone = processes.map((child) => once(child, 'exit'));
  for (const child of processes) child.kill();
  await Promise.all(gone);
  rmSync(folder, { recursive: true });
});

it('a file whose last process was killed goes to exactly one of those that start in the same moment', async () => {
  const tell = (path: string): Promise<boolean[]> => {
    const answers = Promise.all(processes.map(heard));
    for (const child of processes) child.send(path);
    return answers;
  };
  const winners: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = join(folder, `outbox-${round}.jsonl`);
    // No process begins with the machine.
    writeFileSync(`${path}.lock`, `${process.pid} 1`);
    winners.push((await tell(path)).filter((won) => won).length);
    await tell('');
  }
  expect(winners).toEqual(winners.map(() => 1));
  expect(readdirSync(folder).filter((name) => name.includes('.lock'))).toEqual([]);
});
