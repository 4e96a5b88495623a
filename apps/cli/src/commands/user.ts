import type { User } from '@parley/core';
import type { Command } from 'commander';
import { idArgument, nameArgument } from '../arguments.ts';
import { printable } from '../chat/events.ts';
import { CliError } from '../cli-error.ts';
import { withOperatorStore } from '../edge-access.ts';

const EXAMPLES = `
Examples:
  parley user add 7 "Dakola Timmy"
  parley user rename 7 "Timmy"
  parley user list

They work on the store that the settings name: the file of the embedded node, also while that is running, or the
database of the cluster. A user who is connected sends under the old name until the next sign-in.`;

const PAGE = 1_000;

export function userCommand(parent: Command): void {
  const user = parent
    .command('user')
    .description('Manages the users, whose names others see beside their messages.')
    .addHelpText('after', EXAMPLES);
  user
    .command('add')
    .description('Adds a user. Adding one again with the same name changes nothing.')
    .argument('<id>', 'a positive whole number', idArgument)
    .argument('<name>', 'the display name', nameArgument)
    .action(add);
  user
    .command('rename')
    .description('Gives a user another name.')
    .argument('<id>', 'the id of the user', idArgument)
    .argument('<name>', 'the new display name', nameArgument)
    .action(rename);
  user
    .command('list')
    .description('Lists all users by id.')
    .option('--json', 'print one JSON object per line')
    .action(list);
}

async function add(id: number, name: string): Promise<void> {
  await withOperatorStore(async (store) => {
    const present = await store.user(id);
    if (present !== null && present.name !== name) {
      throw new CliError(
        `User ${id} exists already: ${printable(present.name)}.`,
        `Rename it with: parley user rename ${id} ${JSON.stringify(name)}`,
      );
    }
    if (present === null) await store.ensureUser(id, name);
    console.log(`User ${id} is ${name}.`);
  }, true);
}

async function rename(id: number, name: string): Promise<void> {
  await withOperatorStore(async (store) => {
    const present = await store.user(id);
    if (present === null) {
      throw new CliError(`There is no user ${id}.`, `Add it with: parley user add ${id} ${JSON.stringify(name)}`);
    }
    await store.ensureUser(id, name);
    console.log(`User ${id} is now ${name}, before ${printable(present.name)}.`);
  });
}

async function list(flags: { readonly json?: boolean }): Promise<void> {
  await withOperatorStore(async (store) => {
    const show = ({ id, name }: User): string =>
      flags.json === true ? JSON.stringify({ id, name }) : `${String(id).padStart(8)}  ${printable(name)}`;
    let page: User[] = [];
    let found = 0;
    do {
      page = await store.listUsers(page.at(-1)?.id ?? 0, PAGE);
      for (const user of page) console.log(show(user));
      found += page.length;
    } while (page.length === PAGE);
    if (found === 0 && flags.json !== true) console.log('No users yet. Add one with: parley user add 7 "Dakola Timmy"');
  });
}
