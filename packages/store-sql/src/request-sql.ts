import type { ConversationId, InitRequest, InitResult } from '@parley/core';
import { type Kysely, sql } from 'kysely';
import { asText, type ChatSchema, type Text } from './schema.ts';
import type { SqlFlavor } from './sql-flavor.ts';
import { guarded } from './transaction.ts';

/** The scope of an init's client id: the user's, whatever the conversation. */
const INIT_SCOPE = 0;

/** The first result of an init that was made before, a conflict, or null when it is new. */
export async function repeatedInit(
  db: Kysely<ChatSchema>,
  flavor: SqlFlavor,
  request: InitRequest | undefined,
): Promise<InitResult | null> {
  if (request === undefined) return null;
  const row = await guarded(flavor, () =>
    db
      .selectFrom('requests')
      .select(['conversation_id', 'created', sql<Text>`${sql.raw(flavor.text('digest'))}`.as('digest')])
      .where('user_id', '=', request.userId)
      .where('scope', '=', INIT_SCOPE)
      .where('client_id', '=', flavor.clientId(request.clientId))
      .executeTakeFirst(),
  );
  if (row === undefined) return null;
  if (asText(row.digest) !== request.digest) return { ok: false, conflict: true };
  return { ok: true, conversationId: row.conversation_id, created: row.created === 1, duplicate: true };
}

/** The unique key refuses it when the request was made before. */
export async function insertInit(
  db: Kysely<ChatSchema>,
  flavor: SqlFlavor,
  request: InitRequest,
  result: { readonly conversationId: ConversationId; readonly created: boolean },
): Promise<void> {
  const { userId, clientId, digest } = request;
  await insertRequest(db, flavor, { userId, clientId, digest, scope: INIT_SCOPE, ...result });
}

export async function insertRequest(
  db: Kysely<ChatSchema>,
  flavor: SqlFlavor,
  fields: InitRequest & {
    readonly scope: number;
    readonly conversationId: ConversationId;
    readonly created: boolean;
  },
): Promise<void> {
  await db
    .insertInto('requests')
    .values({
      user_id: fields.userId,
      scope: fields.scope,
      client_id: flavor.clientId(fields.clientId),
      digest: flavor.clientId(fields.digest),
      conversation_id: fields.conversationId,
      created: fields.created ? 1 : 0,
    })
    .execute();
}
