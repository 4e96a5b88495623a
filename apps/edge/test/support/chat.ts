import type { LegacyClient } from './legacy-client.ts';

/** What a client of the legacy protocol does all the time. Each waits for its answer. */

export type Kind = 'personal' | 'group';

const LOCAL_ID = 5;

/** L2. @returns the `db_conv_id` */
export function initPersonal(client: LegacyClient, members: readonly number[]): Promise<number> {
  return init(client, { conv_id: LOCAL_ID, member: members, type: 'init_personal' });
}

/** L5. @returns the `db_conv_id` */
export function initGroup(client: LegacyClient, members: readonly number[], name = 'Livescore'): Promise<number> {
  const group = { conv_id: LOCAL_ID, member: members, group_name: name, description: 'A research group' };
  return init(client, { ...group, type: 'init_group' });
}

/** L3, L6. @returns the `message_id` */
export async function say(client: LegacyClient, kind: Kind, conversationId: number, msg: string): Promise<number> {
  client.send({ msg, conv_id: conversationId, type: kind });
  const ack = await client.take('an ack', (text) => text.startsWith('{"message_id":'));
  return (JSON.parse(ack) as { message_id: number }).message_id;
}

async function init(client: LegacyClient, frame: object): Promise<number> {
  client.send(frame);
  const answer = await client.take('the answer to an init', (text) => text.startsWith('{"local_conv_id":'));
  return (JSON.parse(answer) as { db_conv_id: number }).db_conv_id;
}

const isMessage = (text: string): boolean => text.startsWith('{"conv_id":');

/** L4, L6: the next message for this client. */
export async function nextMessage(client: LegacyClient): Promise<Record<string, unknown>> {
  return JSON.parse(await client.take('a message', isMessage)) as Record<string, unknown>;
}

/** The next message must be the one with this text: what came before it would be found here. */
export async function expectNext(client: LegacyClient, msg: string): Promise<Record<string, unknown>> {
  const message = await nextMessage(client);
  if (message.msg !== msg) throw new Error(`expected ${JSON.stringify(msg)}, got ${JSON.stringify(message)}`);
  return message;
}
