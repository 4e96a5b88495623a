import type { CurrentClientFrame } from '@parley/protocol';
import { handleBlock } from '../handlers/block.ts';
import { handleBye } from '../handlers/bye.ts';
import type { Caller } from '../handlers/caller.ts';
import { handleConversations } from '../handlers/conversations.ts';
import { handleDelivered } from '../handlers/delivered.ts';
import { handleGroupAdd } from '../handlers/group-add.ts';
import { handleGroupDescribe } from '../handlers/group-describe.ts';
import { handleGroupLeave } from '../handlers/group-leave.ts';
import { handleGroupRemove } from '../handlers/group-remove.ts';
import { handleGroupRename } from '../handlers/group-rename.ts';
import { handleGroupRole } from '../handlers/group-role.ts';
import { handleGroupTransfer } from '../handlers/group-transfer.ts';
import { handleHistory } from '../handlers/history.ts';
import { handleInitGroup } from '../handlers/init-group.ts';
import { handleInitPersonal } from '../handlers/init-personal.ts';
import { handleMembers } from '../handlers/members.ts';
import { handleMessageStatus } from '../handlers/message-status.ts';
import { handlePing } from '../handlers/ping.ts';
import { handlePresence } from '../handlers/presence.ts';
import { handleRefresh } from '../handlers/refresh.ts';
import { handleSeen } from '../handlers/seen.ts';
import { handleSeenUpto } from '../handlers/seen-upto.ts';
import { handleSendMessage } from '../handlers/send-message.ts';
import { watchInTurn } from '../handlers/turns.ts';
import { handleTyping } from '../handlers/typing.ts';
import { handleUnwatch } from '../handlers/unwatch.ts';
import { handleWatch } from '../handlers/watch.ts';
import type { NodeServices } from '../services.ts';
import type { Answer, Asker } from './reply.ts';

/** One handler per frame. Rejects only with a `StoreError` or on a bug: the session turns both into an error frame. */
export function dispatchCurrent(
  frame: CurrentClientFrame,
  caller: Caller,
  services: NodeServices,
  asker: Asker,
): Answer {
  switch (frame.type) {
    case 'personal':
    case 'group': {
      const { type, conv_id: conversationId, msg: body, client_id: clientId } = frame;
      return handleSendMessage({ type, conversationId, body, clientId }, caller, services, asker);
    }
    case 'init_personal': {
      const { localId, member: members, client_id: clientId } = frame;
      return handleInitPersonal({ localId, members, clientId }, caller, services);
    }
    case 'init_group': {
      const { localId, member: members, group_name: name, description, history, client_id: clientId } = frame;
      return handleInitGroup({ localId, members, name, description, history, clientId }, caller, services);
    }
    case 'delivered':
      return handleDelivered(frame, caller, services);
    case 'seen':
      return frame.message_id === undefined
        ? handleSeenUpto(frame, caller, services)
        : handleSeen({ messageIds: frame.message_id }, caller, services);
    case 'conversations':
      return handleConversations(frame, caller, services);
    case 'history':
      return handleHistory(frame, caller, services);
    case 'members':
      return handleMembers(frame, caller, services);
    case 'message_status':
      return handleMessageStatus(frame, caller, services);
    case 'typing':
      return handleTyping(frame, caller, services);
    case 'presence':
      return watchInTurn(caller, () => handlePresence(frame, caller, services));
    case 'watch':
      return watchInTurn(caller, () => handleWatch(frame, caller, services));
    case 'unwatch':
      return watchInTurn(caller, async () => handleUnwatch(frame, caller, services));
    case 'group_add':
      return handleGroupAdd(frame, caller, services);
    case 'group_remove':
      return handleGroupRemove(frame, caller, services);
    case 'group_leave':
      return handleGroupLeave(frame, caller, services);
    case 'group_rename':
      return handleGroupRename(frame, caller, services);
    case 'group_describe':
      return handleGroupDescribe(frame, caller, services);
    case 'group_role':
      return handleGroupRole(frame, caller, services);
    case 'group_transfer':
      return handleGroupTransfer(frame, caller, services);
    case 'block':
    case 'unblock':
      return handleBlock(frame, caller, services);
    case 'refresh':
      return handleRefresh(frame, caller, services);
    case 'ping':
      return handlePing(frame, services);
    case 'bye':
      return handleBye(caller);
  }
}
