import type { ConversationKind } from '@parley/core';

/** One line that the user typed, understood. */
export type Input =
  | { readonly kind: 'say'; readonly body: string }
  | { readonly kind: 'open'; readonly userId: number }
  | { readonly kind: 'group'; readonly name: string; readonly memberIds: readonly number[] }
  | { readonly kind: 'use'; readonly conversationId: number; readonly as: ConversationKind | null }
  | { readonly kind: 'seen' | 'retry' | 'list' | 'help' | 'quit' | 'nothing' }
  | { readonly kind: 'wrong'; readonly message: string };

export const CHAT_HELP = `Type a line to send it to the open conversation. Commands:
  /open 8               talk to user 8
  /group name 7,8,9     create a group of these users (you are added) and talk to it
  /use 12 [group]       talk to conversation 12; say personal or group if it is not in /list yet
  /list                 conversations that this client knows
  /seen                 mark as seen what was shown (done by itself unless --manual-seen)
  /retry                send again what was not confirmed (it may then appear twice)
  /help                 this text
  /quit                 send what is waiting, then leave
A line that begins with // is sent with one slash. "sent #12" means that message 12 is stored;
this protocol does not tell a sender more than that.`;

const wrong = (message: string): Input => ({ kind: 'wrong', message });

/** Reads one line. A line that begins with `/` is a command, with `//` a message that begins with a slash. */
export function parseInput(line: string): Input {
  if (line.trim() === '') return { kind: 'nothing' };
  if (!line.startsWith('/')) return { kind: 'say', body: line };
  if (line.startsWith('//')) return { kind: 'say', body: line.slice(1) };
  const [command = '', ...words] = line.trim().slice(1).split(/\s+/);
  switch (command) {
    case 'open': {
      const userId = parseId(words[0]);
      return userId === null || words.length !== 1
        ? wrong('Write /open and a user id: /open 8')
        : { kind: 'open', userId };
    }
    case 'group': {
      const memberIds = parseIds(words.at(-1));
      const name = words.slice(0, -1).join(' ');
      if (name === '' || memberIds === null) return wrong('Write /group, a name and user ids: /group Livescore 7,8,9');
      return { kind: 'group', name, memberIds };
    }
    case 'use': {
      const conversationId = parseId(words[0]);
      const as = words[1];
      if (conversationId === null || words.length > 2) return wrong('Write /use and a conversation id: /use 12');
      if (as !== undefined && as !== 'personal' && as !== 'group')
        return wrong('Write /use 12 personal or /use 12 group');
      return { kind: 'use', conversationId, as: as ?? null };
    }
    case 'seen':
    case 'retry':
    case 'list':
    case 'help':
    case 'quit':
      return { kind: command };
    default:
      return wrong(
        `There is no command /${command}; /help lists them. To send a line that begins with a slash, write //`,
      );
  }
}

/** A user or conversation id: a positive decimal integer up to 2^53 - 1 (L1a), else null. */
export function parseId(text: string | undefined): number | null {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) return null;
  const id = Number(text);
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

/** Ids separated by commas, duplicates counted once; null when any is not an id. */
export function parseIds(text: string | undefined): number[] | null {
  if (text === undefined) return null;
  const ids = text.split(',').map((part) => parseId(part.trim()));
  return ids.includes(null) ? null : [...new Set(ids as number[])];
}
