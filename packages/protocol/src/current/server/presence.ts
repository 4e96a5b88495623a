import { z } from 'zod';
import { id } from '../../fields.ts';
import { maybe, ref, timestamp } from '../fields.ts';

/** The answer to presence and watch, and the news of whom one watches. */
export const presenceNews = z
  .object({
    type: z.literal('presence'),
    ref: maybe(ref.describe('The ref of the request, when it had one. News have none.')),
    users: z
      .array(
        z.object({
          user_id: id.describe('Who.'),
          online: z.boolean().describe('Has a connection, to any node.'),
          last_seen: timestamp
            .nullable()
            .describe(
              'Of who is offline: when the last connection ended, up to minutes early when its node died. null: online, never here, or not for you to know.',
            ),
        }),
      )
      .min(1),
  })
  .meta({ description: 'Who is online. The answer to presence and watch, and the news of whom one watches.' });
export type PresenceNews = z.output<typeof presenceNews>;
