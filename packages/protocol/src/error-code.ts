/**
 * Reply errors: what an error frame can say (L15). Numbers are stable for ever: never reuse one.
 * 1xxx: the frame is wrong, sending it again will not help. 2xxx: the sign-in. 3xxx: not allowed or not there.
 * 4xxx: passing trouble of the server (`temporary`), send again later.
 */
export const ERROR_CODES = {
  invalid_json: { code: 1001, temporary: false, message: 'Send one JSON object per text frame.' },
  invalid_frame: { code: 1002, temporary: false, message: 'Correct the fields of the frame.' },
  unknown_type: { code: 1003, temporary: false, message: 'Use one of the known frame types.' },
  binary_frame: { code: 1004, temporary: false, message: 'Send text frames only.' },
  message_too_large: { code: 1005, temporary: false, message: 'Send a shorter message.' },
  invalid_text: { code: 1006, temporary: false, message: 'Send well-formed Unicode without lone surrogates.' },
  already_signed_in: {
    code: 1007,
    temporary: false,
    message: 'You are signed in; send hello only as the first frame.',
  },
  unsupported_version: {
    code: 1008,
    temporary: false,
    message: 'This node does not speak that version; say hello with one that it does.',
  },
  invalid_user_id: {
    code: 2001,
    temporary: false,
    message: 'Send your user id, a positive decimal integer, as the first frame.',
  },
  invalid_token: { code: 2002, temporary: false, message: 'Send a valid token as the first frame.' },
  token_expired: { code: 2003, temporary: false, message: 'Get a new token and connect again.' },
  sign_in_timeout: { code: 2004, temporary: true, message: 'Send the first frame sooner after connecting.' },
  wrong_user: { code: 2005, temporary: false, message: 'Send a token of the user who is signed in.' },
  not_a_member: {
    code: 3001,
    temporary: false,
    message: 'You are not a member of this conversation, or it does not exist.',
  },
  wrong_conversation_type: {
    code: 3002,
    temporary: false,
    message: 'Use the type that this conversation was created with.',
  },
  unknown_member: { code: 3003, temporary: false, message: 'Name only known users as members.' },
  initiator_not_member: { code: 3004, temporary: false, message: 'Include yourself among the members.' },
  unknown_message: { code: 3005, temporary: false, message: 'Name only messages of your own conversations.' },
  client_id_conflict: {
    code: 3006,
    temporary: false,
    message: 'This client id was used for another message; use a new one.',
  },
  blocked: { code: 3007, temporary: false, message: 'This user has blocked you.' },
  not_allowed: { code: 3008, temporary: false, message: 'Your role in this group does not allow that.' },
  last_owner: {
    code: 3009,
    temporary: false,
    message: 'Make somebody else owner first: a group with members needs one.',
  },
  group_full: { code: 3010, temporary: false, message: 'This group has no room for so many members.' },
  no_change: { code: 3011, temporary: false, message: 'Everything is that way already.' },
  not_acquainted: { code: 3012, temporary: false, message: 'Ask only about people you share a conversation with.' },
  too_many_watches: { code: 3013, temporary: false, message: 'Unwatch some users first.' },
  overloaded: { code: 4001, temporary: true, message: 'Too much is in flight; send again later.' },
  store_unavailable: { code: 4002, temporary: true, message: 'The store cannot be reached; send again later.' },
  draining: { code: 4003, temporary: true, message: 'This node is stopping; connect again and send again.' },
  internal: { code: 4004, temporary: true, message: 'Something went wrong here; send again later.' },
  rate_limited: { code: 4005, temporary: true, message: 'Send fewer of these; try again a little later.' },
} as const satisfies Record<string, { code: number; temporary: boolean; message: string }>;

export type ErrorName = keyof typeof ERROR_CODES;

/** For whoever writes a client: when an error comes, and what the client should do. Apart from the table, so that a bundle can leave it out. */
export const ERROR_ADVICE = {
  invalid_json: {
    when: 'The text frame is not one JSON object.',
    action: 'Repair the client: this is a bug in how it writes frames.',
  },
  invalid_frame: {
    when: 'A field is missing, of the wrong type or beyond its bound; the message names it.',
    action: 'Repair the client, or shorten what the user typed. Do not send the same frame again.',
  },
  unknown_type: {
    when: 'The node does not know this type; the message lists those it knows.',
    action: 'Repair the client. If the type is of a newer minor version, do without it on this node.',
  },
  binary_frame: { when: 'A binary WebSocket frame came.', action: 'Repair the client.' },
  message_too_large: {
    when: 'A text is longer than its bound in bytes of UTF-8.',
    action: 'Tell the user; split or shorten the text, and send it with a new client id.',
  },
  invalid_text: {
    when: 'A text has half of a surrogate pair.',
    action: 'Cut texts between characters and not inside one; repair the text and send it with a new client id.',
  },
  already_signed_in: {
    when: 'A second `hello` on one connection.',
    action: 'Repair the client. To sign in as somebody else, open another connection.',
  },
  unsupported_version: {
    when: '`hello` asks for a version that the node does not speak; the message names those it does. The connection is closed after it.',
    action: 'Say hello with a version that both speak, else ask the user to update the client.',
  },
  invalid_user_id: {
    when: 'The first frame holds no valid user id, or no such user may sign in.',
    action: 'Ask the user to sign in again. The connection is closed after it.',
  },
  invalid_token: {
    when: 'The token is malformed, not signed by a known key, or for another audience.',
    action: 'Get a new token; if that one is refused too, ask the user to sign in again.',
  },
  token_expired: {
    when: 'The token is no longer valid.',
    action: 'Get a new token, then connect (or send `refresh`) with it.',
  },
  sign_in_timeout: {
    when: 'No first frame came within the deadline.',
    action: 'Send `hello` as soon as the connection is open; fetch the token before connecting.',
  },
  wrong_user: {
    when: '`refresh` brought a token of another user.',
    action: 'Repair the client. To sign in as somebody else, open another connection.',
  },
  not_a_member: {
    when: 'You are not, or no longer, a member of the conversation, or it does not exist.',
    action: 'Show the conversation as read-only and ask for `conversations` to see where you are a member.',
  },
  wrong_conversation_type: {
    when: 'A `personal` frame for a group, or the other way round, or a group change of a personal conversation.',
    action: 'Repair the client: use the `kind` that `conversation_ready`, `synced` or `conversations` told.',
  },
  unknown_member: {
    when: 'A user who was named does not exist (never signed in, nor added by an operator; in development mode an init or `group_add` makes it), or does not belong to the group.',
    action: 'Tell the user; ask for `members` again.',
  },
  initiator_not_member: {
    when: 'The one who opens a conversation is not among its members.',
    action: 'Add your own user id to `member`.',
  },
  unknown_message: {
    when: 'A message id is unknown, or of a conversation that you are not in. Nothing of the list was taken.',
    action: 'Forget these ids, or send `seen` with a `seq` instead.',
  },
  client_id_conflict: {
    when: 'The client id was used before with another content. Nothing was stored.',
    action: 'Use a new client id for each new message. If it should have been the same message, it is stored already.',
  },
  blocked: {
    when: 'The other has blocked you: messages and typing are refused (presence is, too, with `not_acquainted`).',
    action: 'Tell the user; do not send again.',
  },
  not_allowed: {
    when: 'Your role in the group is too low for this change.',
    action: 'Offer only what the role allows; ask for `members` again, roles change.',
  },
  last_owner: {
    when: 'The last owner would leave or step down while others are in the group.',
    action: 'Send `group_transfer` or `group_role` first.',
  },
  group_full: {
    when: 'The group would have more members than the limit.',
    action: 'Add fewer users; `welcome` tells the limit.',
  },
  no_change: {
    when: 'The change would change nothing (all are members already, who is to be removed is none, the name or role is the same).',
    action: 'Take it as done.',
  },
  not_acquainted: {
    when: '`presence` or `watch` named users with whom you share no conversation, or who have blocked you; the message names their ids. Nothing of the list was taken.',
    action: 'Leave these ids out and send again.',
  },
  too_many_watches: {
    when: 'The session would watch more users than the limit.',
    action: '`unwatch` whoever is no longer on the screen.',
  },
  overloaded: {
    when: 'More is waiting than the node holds.',
    action: 'Send the same frame again (same client id) after `retry_after_ms`, else with backoff.',
  },
  store_unavailable: {
    when: 'The database, or what knows who is online, does not answer. Nothing was stored.',
    action: 'Send the same frame again with the same client id, after `retry_after_ms`, else with backoff.',
  },
  draining: {
    when: 'The node is about to stop.',
    action: 'Connect again (another node takes you), then send again with the same client id.',
  },
  internal: {
    when: 'A bug or trouble on the server; it is logged there.',
    action: 'Send the same frame again with backoff, a few times; then show it as failed.',
  },
  rate_limited: {
    when: 'Too many of this kind of frame in a short time.',
    action: 'Wait for `retry_after_ms`. `typing` need not be sent again at all.',
  },
} as const satisfies Record<ErrorName, { when: string; action: string }>;
