import { ackOf } from './chat.ts';
import type { CurrentPeer } from './current-peer.ts';
import type { PatternFields } from './pattern.ts';

/** A change of a group that was acknowledged, and the frame that everybody gets who is told of it. */
export interface Changed {
  readonly seq: number;
  readonly message_id: number;
  readonly timestamp: string;
  readonly client_id: string;
  readonly frame: PatternFields;
}

/** A request for a change. */
export interface ChangeFrame {
  readonly conv_id: number;
  readonly client_id?: string;
  readonly [field: string]: unknown;
}

/** Makes the change and takes the answer; the session that asked is told the event like everybody else. */
export async function change(peer: CurrentPeer, frame: ChangeFrame, event: PatternFields): Promise<Changed> {
  const ack = await peer.ask(frame, ackOf(frame.conv_id, frame.client_id));
  const { message_id, seq, timestamp, client_id } = ack;
  const { name: sender, user_id: sender_id } = peer.welcome;
  const told = {
    type: 'event',
    conv_id: frame.conv_id,
    message_id,
    seq,
    sender,
    sender_id,
    client_id,
    timestamp,
    event,
  };
  await peer.expect(told);
  return { seq, message_id, timestamp, client_id, frame: told };
}

/** As `change`, and the others are told next. */
export async function changeFor(
  peer: CurrentPeer,
  others: readonly CurrentPeer[],
  frame: ChangeFrame,
  event: PatternFields,
): Promise<Changed> {
  const changed = await change(peer, frame, event);
  for (const other of others) await other.expectNext(changed.frame);
  return changed;
}
