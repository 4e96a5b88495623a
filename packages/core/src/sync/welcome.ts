import { CURRENT_PROTOCOL, encodeFrame, formatTimestamp, type Hello, LIMITS, TIMES } from '@parley/protocol';
import type { NodeServices } from '../services.ts';
import type { TimeUs, User } from '../types.ts';

/** The answer to a `hello`. */
export function encodeWelcome(
  { ref, device }: Hello,
  user: User,
  sessionId: number,
  expiresAtUs: TimeUs | undefined,
  { settings, clock, epoch, nodeId }: Pick<NodeServices, 'settings' | 'clock' | 'epoch' | 'nodeId'>,
): string {
  const node = nodeId();
  return encodeFrame({
    type: 'welcome',
    ...(ref === undefined ? {} : { ref }),
    v: CURRENT_PROTOCOL.major,
    minor: CURRENT_PROTOCOL.minor,
    user_id: user.id,
    name: user.name,
    node,
    session: `${node}.${sessionId.toString(36)}`,
    device: device ?? null,
    heartbeat_ms: TIMES.heartbeatMs,
    epoch,
    time: formatTimestamp(clock.nowUs()),
    token_expires_at: expiresAtUs === undefined ? null : formatTimestamp(expiresAtUs),
    limits: {
      max_message_bytes: LIMITS.maxMessageBytes,
      max_frame_bytes: LIMITS.maxFrameBytes,
      max_group_members: LIMITS.maxGroupMembers,
      max_group_name_bytes: LIMITS.maxGroupNameBytes,
      max_description_bytes: LIMITS.maxDescriptionBytes,
      max_seen_ids: LIMITS.maxSeenIds,
      max_in_flight: settings.maxInFlightPerSession,
      max_watches: settings.maxWatchesPerSession,
      max_client_id_chars: LIMITS.maxClientIdChars,
      max_cursors: LIMITS.maxCursors,
      max_history: LIMITS.maxHistory,
      max_conversations: LIMITS.maxConversations,
    },
  });
}
