import type { CurrentPeer } from './current-peer.ts';
import { aBoolean, anId, aTimestamp, type Matched, textLike } from './pattern.ts';
import type { ConnectOptions, Scene } from './scene.ts';

/** What most rules begin with. Each step waits for its answer and checks it. */

export type Kind = 'personal' | 'group';

/** A message that was acknowledged, and the frame that everybody else must get. */
export interface Sent {
  readonly message_id: number;
  readonly seq: number;
  readonly timestamp: string;
  readonly client_id: string;
  readonly frame: {
    readonly conv_id: number;
    readonly message_id: number;
    readonly msg: string;
    readonly sender: string;
    readonly timestamp: string;
    readonly type: Kind;
    readonly seq: number;
    readonly sender_id: number;
    readonly client_id: string;
  };
}

/** The client id that a server makes for a client that sent none. */
export const serverClientId = textLike(/^~[\x21-\x7e]{1,63}$/);

/** Sends one message. `seq` is expected when told. */
export async function say(
  peer: CurrentPeer,
  kind: Kind,
  conversation: number,
  msg: string,
  { clientId, seq }: { readonly clientId?: string; readonly seq?: number } = {},
): Promise<Sent> {
  const fields = clientId === undefined ? {} : { client_id: clientId };
  const ack = await peer.ask({ type: kind, conv_id: conversation, msg, ...fields }, ackOf(conversation, clientId));
  if (seq !== undefined && ack.seq !== seq) throw peer.failure(`expected the ack to say seq ${seq}, not ${ack.seq}`);
  return sentBy(peer, kind, msg, ack);
}

/** Sends several messages at once; answered in any order. @returns them in the order of sending */
export async function sayAll(
  peer: CurrentPeer,
  kind: Kind,
  conversation: number,
  bodies: readonly string[],
): Promise<readonly Sent[]> {
  const refs = bodies.map((msg) => {
    const ref = peer.newRef();
    peer.send({ type: kind, conv_id: conversation, msg, ref });
    return ref;
  });
  const sent: Sent[] = [];
  for (const [at, ref] of refs.entries()) {
    const ack = await peer.expect({ ...ackOf(conversation), ref });
    sent.push(sentBy(peer, kind, bodies[at] as string, ack));
  }
  return sent;
}

/** The answer to a send that stored a message. */
export const ackOf = (conversation: number, clientId?: string) =>
  ({
    type: 'ack',
    conv_id: conversation as number,
    message_id: anId,
    seq: anId,
    timestamp: aTimestamp,
    client_id: clientId === undefined ? serverClientId : textLike(new RegExp(`^${quoted(clientId)}$`)),
  }) as const;

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

type Ack = Omit<Matched<ReturnType<typeof ackOf>>, 'type'>;

export function sentBy(peer: CurrentPeer, type: Kind, msg: string, ack: Ack): Sent {
  const { conv_id, message_id, seq, timestamp, client_id } = ack;
  const { name: sender, user_id: sender_id } = peer.welcome;
  const frame = { conv_id, message_id, msg, sender, timestamp, type, seq, sender_id, client_id };
  return { message_id, seq, timestamp, client_id, frame };
}

/** @returns the conversation's id */
export async function openPersonal(peer: CurrentPeer, other: number): Promise<number> {
  const ready = { type: 'conversation_ready', conv_id: anId, kind: 'personal', created: aBoolean } as const;
  return (await peer.ask({ type: 'init_personal', member: [peer.user, other] }, ready)).conv_id;
}

export interface GroupTerms {
  readonly name?: string;
  readonly description?: string;
  readonly history?: boolean;
}

/** The creator is a member too. @returns the conversation's id */
export async function openGroup(peer: CurrentPeer, others: readonly number[], terms: GroupTerms = {}): Promise<number> {
  const { name = 'Livescore', ...rest } = terms;
  const ready = { type: 'conversation_ready', conv_id: anId, kind: 'group', created: true } as const;
  const frame = { type: 'init_group', member: [peer.user, ...others], group_name: name, ...rest };
  return (await peer.ask(frame, ready)).conv_id;
}

/** Two users on two nodes (if there are two) with a conversation. */
export async function pair(scene: Scene, options: ConnectOptions = {}) {
  const [a, b] = await scene.users(2);
  const [alice, bob] = await Promise.all([scene.connect(a, options), scene.connect(b, options)]);
  const conversation = await openPersonal(alice, b);
  return { a, b, alice, bob, conversation };
}

/** Three users on up to three nodes with a group; the first is its owner. */
export async function trio(scene: Scene, terms: GroupTerms = {}) {
  const [a, b, c] = await scene.users(3);
  const [alice, bob, carol] = await Promise.all([scene.connect(a), scene.connect(b), scene.connect(c)]);
  const group = await openGroup(alice, [b, c], terms);
  return { a, b, c, alice, bob, carol, group };
}

/** Sends one message and takes it at the others: whatever came to them before it is found there. */
export async function fenceThrough(
  peer: CurrentPeer,
  kind: Kind,
  conversation: number,
  others: readonly CurrentPeer[],
): Promise<Sent> {
  const sent = await say(peer, kind, conversation, 'fence');
  for (const other of others) await other.expectNext(sent.frame);
  return sent;
}

/** A receipt, proven to be taken in. */
export async function tell(peer: CurrentPeer, frame: object): Promise<void> {
  await peer.ask(frame, { type: 'ok' });
}

/** What the sender is told of one reader. */
export function statusOf(
  conversation: number,
  user: number,
  delivered: number,
  seen: number,
  messageIds?: readonly number[],
) {
  return {
    type: 'status',
    conv_id: conversation,
    user_id: user,
    delivered_seq: delivered,
    delivered_at: delivered === 0 ? null : aTimestamp,
    seen_seq: seen,
    seen_at: seen === 0 ? null : aTimestamp,
    ...(messageIds === undefined ? {} : { message_id: messageIds }),
  } as const;
}
