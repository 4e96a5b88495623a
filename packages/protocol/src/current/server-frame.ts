import type { z } from 'zod';
import type { Ref } from './fields.ts';
import { ack } from './server/ack.ts';
import { conversationReady } from './server/conversation-ready.ts';
import { conversationsPage } from './server/conversations.ts';
import { error } from './server/error.ts';
import { event } from './server/event.ts';
import { goaway } from './server/goaway.ts';
import { historyPage } from './server/history.ts';
import { membersPage } from './server/members.ts';
import { message } from './server/message.ts';
import { messageStatusReport } from './server/message-status.ts';
import { ok } from './server/ok.ts';
import { pong } from './server/pong.ts';
import { presenceNews } from './server/presence.ts';
import { refreshNeeded } from './server/refresh-needed.ts';
import { refreshed } from './server/refreshed.ts';
import { reset } from './server/reset.ts';
import { status } from './server/status.ts';
import { syncComplete } from './server/sync-complete.ts';
import { synced } from './server/synced.ts';
import { typingNews } from './server/typing.ts';
import { welcome } from './server/welcome.ts';

/** The schema of every frame that the server sends to a current client, by its type. */
export const SERVER_FRAMES = {
  welcome: welcome,
  personal: message,
  group: message,
  event: event,
  ack: ack,
  conversation_ready: conversationReady,
  ok: ok,
  error: error,
  synced: synced,
  reset: reset,
  sync_complete: syncComplete,
  status: status,
  conversations: conversationsPage,
  history: historyPage,
  members: membersPage,
  message_status: messageStatusReport,
  typing: typingNews,
  presence: presenceNews,
  refresh_needed: refreshNeeded,
  refreshed: refreshed,
  pong: pong,
  goaway: goaway,
} as const;

/** Every frame that the server sends to a current client, as it is on the wire. */
export type CurrentServerFrame = {
  [Type in keyof typeof SERVER_FRAMES]: z.output<(typeof SERVER_FRAMES)[Type]>;
}[keyof typeof SERVER_FRAMES];

/**
 * For frames off the hot path; message.ts and answer.ts have the others.
 * @param ref of the request that the frame answers
 */
export const encodeFrame = (frame: CurrentServerFrame, ref?: Ref): string =>
  JSON.stringify(ref === undefined ? frame : { ...frame, ref });
