import { z } from 'zod';
import { id, ids } from '../../fields.ts';
import { LIMITS } from '../../limits.ts';
import { CURRENT_PROTOCOL } from '../../version.ts';
import { device, integer, maybe, ref } from '../fields.ts';
import { token } from '../token.ts';

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const CONVERSATION_ID = /^[1-9][0-9]{0,15}$/;
const SEND_CURSORS = `send "server", or an object with at most ${LIMITS.maxCursors} conversation ids and the sequence number of each.`;

/** One check for all of them, see `ids`. The keys are the client's: no issue may name them. */
function areCursors(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const cursors = value as Record<string, unknown>;
  let count = 0;
  for (const key of Object.keys(cursors)) {
    const seq = cursors[key];
    if (++count > LIMITS.maxCursors || !CONVERSATION_ID.test(key) || Number(key) > MAX_SAFE) return false;
    if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) return false;
  }
  return true;
}

const cursors = z
  .custom<'server' | Readonly<Record<string, number>>>((value) => value === 'server' || areCursors(value), {
    error: SEND_CURSORS,
  })
  .meta({
    anyOf: [
      { const: 'server' },
      {
        type: 'object',
        propertyNames: { pattern: CONVERSATION_ID.source },
        additionalProperties: { type: 'integer', minimum: 0, maximum: MAX_SAFE },
        maxProperties: LIMITS.maxCursors,
      },
    ],
  });

const SEND_CLIENT = `send a string of at most ${LIMITS.maxClientChars} characters.`;
const SEND_EPOCH = `send the epoch that welcome told, at most ${LIMITS.maxEpochChars} characters.`;

/** The first frame: who one is, on which device, and what this device has already. */
export const hello = z
  .object({
    type: z.literal('hello'),
    v: z
      .literal(CURRENT_PROTOCOL.major, { error: `send ${CURRENT_PROTOCOL.major}.` })
      .describe('Version of the protocol.'),
    minor: maybe(integer(0).describe('Minor version that the client was written for. Any is welcome.')),
    token: maybe(token.describe('A signed token whose `sub` is the user id. This or `user_id`.')),
    user_id: maybe(id.describe('The user id itself, taken by nodes in development mode only. This or `token`.')),
    device: maybe(
      device.describe('Name of this device, the same each time. Optional, for people who look for trouble.'),
    ),
    client: maybe(
      z
        .string({ error: SEND_CLIENT })
        .max(LIMITS.maxClientChars, { error: SEND_CLIENT })
        .describe('Name and version of the program.'),
    ),
    cursors: maybe(
      cursors.describe(
        'What this device has, complete up to a sequence number per conversation: `{"12": 340}`. Conversations that are not named, and ' +
          'all with "server" or without cursors, go on from what the server knows to be delivered to the user.',
      ),
    ),
    groups: maybe(
      ids(LIMITS.maxCursors, 0).describe('Which of the cursors are of groups, when known: it spares the node a read.'),
    ),
    epoch: maybe(
      z
        .string({ error: SEND_EPOCH })
        .max(LIMITS.maxEpochChars, { error: SEND_EPOCH })
        .describe(
          'The epoch of the store that the cursors belong to, from `welcome`. Goes with every cursors of your own: those without it are taken to be of ' +
            'the present store, so that one that was put back is noticed only where a cursor is beyond its last message.',
        ),
    ),
    status_of: maybe(
      ids(LIMITS.maxStatusOf, 0).describe(
        `Conversations whose present \`status\` to tell after the sync. Without it: of the ${LIMITS.maxStatusUnasked} with the largest ids, which are the newest; \`[]\`: of none.`,
      ),
    ),
    ref: maybe(ref),
  })
  .refine((frame) => (frame.token === undefined) !== (frame.user_id === undefined), {
    error: 'send either token or user_id.',
  })
  .meta({
    description: 'The first frame: who one is, on which device, and what this device has already.',
    oneOf: [{ required: ['token'] }, { required: ['user_id'] }],
  });
export type Hello = z.output<typeof hello>;
