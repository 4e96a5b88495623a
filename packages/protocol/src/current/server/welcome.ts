import { z } from 'zod';
import { id } from '../../fields.ts';
import { CURRENT_PROTOCOL } from '../../version.ts';
import { integer, maybe, ref, timestamp } from '../fields.ts';

const max = (description: string) => integer(1).describe(description);

/** The answer to hello: the user is signed in. */
export const welcome = z
  .object({
    type: z.literal('welcome'),
    ref: maybe(ref.describe('The ref of hello, when it had one.')),
    v: z.literal(CURRENT_PROTOCOL.major).describe('Version of the protocol.'),
    minor: integer(0).describe('Minor version that the node speaks.'),
    user_id: id.describe('Who is signed in.'),
    name: z.string().describe('The display name of the user.'),
    node: z.string().describe('Name of the node, for people who look for trouble.'),
    session: z.string().describe('Name of this session, for people who look for trouble.'),
    device: z.string().nullable().describe('The device of hello.'),
    heartbeat_ms: integer(1).describe('A client that has heard nothing for this long sends `ping`.'),
    epoch: z.string().describe('The epoch of the store: keep it with your cursors and send it with them.'),
    time: timestamp.describe('The time of the node.'),
    token_expires_at: timestamp.nullable().describe('When the token expires; null: never.'),
    limits: z
      .object({
        max_message_bytes: max('Largest `msg`, in bytes of UTF-8.'),
        max_frame_bytes: max('Largest frame, in bytes. A larger one ends the connection.'),
        max_group_members: max('Most members of a group.'),
        max_group_name_bytes: max('Largest `group_name`, in bytes of UTF-8.'),
        max_description_bytes: max('Largest `description`, in bytes of UTF-8.'),
        max_seen_ids: max('Most ids in one `seen`.'),
        max_in_flight: max('Most requests without an answer.'),
        max_watches: max('Most users that one session watches.'),
        max_client_id_chars: max('Longest `client_id`.'),
        max_cursors: max('Most cursors in `hello`.'),
        max_history: max('Largest `limit` of `history`.'),
        max_conversations: max('Largest `limit` of `conversations`.'),
      })
      .describe('Bounds of this node.'),
  })
  .meta({ description: 'The answer to hello: the user is signed in.' });
export type Welcome = z.output<typeof welcome>;
