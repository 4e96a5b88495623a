// The bounds and times of the contract in words. Each has to have them, else nothing is generated.
import { LIMITS, TIMES } from '@parley/protocol/codes';

const LIMIT_MEANINGS = {
  maxMessageBytes: 'bytes of UTF-8 in a `msg`',
  maxFrameBytes: 'bytes in a frame; a larger one ends the connection, without a close code',
  maxHelloChars: 'characters in a `hello`',
  maxGroupMembers: 'members of a group, and entries of `member`',
  maxGroupNameBytes: 'bytes of UTF-8 in a `group_name`',
  maxDescriptionBytes: 'bytes of UTF-8 in a `description`',
  maxSeenIds: 'ids in a `seen`',
  maxLocalIdChars: "characters in a `conv_id` of the client's own",
  maxTokenBytes: 'bytes in a `token`',
  maxRefChars: 'characters in a `ref`',
  maxClientIdChars: 'characters in a `client_id`',
  maxDeviceChars: 'characters in `device`',
  maxClientChars: 'characters in `client`',
  maxEpochChars: 'characters in `epoch`',
  maxCursors: 'entries of `cursors`, and of `groups`',
  maxStatusOf: 'entries of `status_of`',
  maxStatusUnasked: 'conversations whose status is told after a `hello` without `status_of`',
  maxConversations: 'conversations in a page',
  maxHistory: 'messages in a page',
  maxMembers: 'members in a page',
  maxUserIds: 'users in one `presence`, `watch`, `unwatch` or `group_add`',
  maxWatches: 'users that one session watches',
  maxUnread: 'unread messages are counted up to here: this number means "or more"',
  maxTyping: '`typing` frames of one session per window',
};

const TIME_MEANINGS = {
  heartbeatMs: 'of silence, then the client sends `ping`',
  pongTimeoutMs: 'without anything after a `ping`, then the connection is dead',
  typingWindowMs: 'window in which `typing` frames are counted',
  presenceGraceMs: 'away, before it is told',
  refreshAheadMs: 'before the expiry of a token, a new one is asked for',
  maxReconnectAfterMs: 'largest `reconnect_after_ms`',
};

export const limitRows = () => rows(LIMITS, LIMIT_MEANINGS, '');
export const timeRows = () => rows(TIMES, TIME_MEANINGS, ' ms');
export const typingBound = () => `at most ${LIMITS.maxTyping} in ${TIMES.typingWindowMs / 1_000} seconds`;

function rows(values, meanings, unit) {
  const unknown = Object.keys(meanings).find((name) => !(name in values));
  if (unknown !== undefined) throw new Error(`limit-meanings.mjs has words for ${unknown}, which there is not`);
  return Object.entries(values).map(([name, value]) => {
    if (meanings[name] === undefined) throw new Error(`limit-meanings.mjs has no words for ${name}`);
    return [meanings[name], `${value.toLocaleString('en')}${unit}`];
  });
}
