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
  invalid_user_id: {
    code: 2001,
    temporary: false,
    message: 'Send your user id, a positive decimal integer, as the first frame.',
  },
  invalid_token: { code: 2002, temporary: false, message: 'Send a valid token as the first frame.' },
  token_expired: { code: 2003, temporary: false, message: 'Get a new token and connect again.' },
  sign_in_timeout: { code: 2004, temporary: true, message: 'Send the first frame sooner after connecting.' },
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
  overloaded: { code: 4001, temporary: true, message: 'Too much is in flight; send again later.' },
  store_unavailable: { code: 4002, temporary: true, message: 'The store cannot be reached; send again later.' },
  draining: { code: 4003, temporary: true, message: 'This node is stopping; connect again and send again.' },
  internal: { code: 4004, temporary: true, message: 'Something went wrong here; send again later.' },
} as const satisfies Record<string, { code: number; temporary: boolean; message: string }>;

export type ErrorName = keyof typeof ERROR_CODES;
