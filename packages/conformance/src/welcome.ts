import {
  anything,
  aText,
  aTimestamp,
  either,
  integer,
  type Matched,
  type Matcher,
  type PatternFields,
} from './pattern.ts';

const MAX_MS = 2 ** 31;

/** What a client may hold the server to (G8): every limit is a positive integer. */
const LIMIT_NAMES = [
  ...['max_message_bytes', 'max_frame_bytes', 'max_group_members', 'max_group_name_bytes', 'max_description_bytes'],
  ...['max_seen_ids', 'max_in_flight', 'max_watches', 'max_client_id_chars', 'max_cursors', 'max_history'],
  'max_conversations',
] as const;

const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, integer(1)])) as Record<
  (typeof LIMIT_NAMES)[number],
  Matcher<number>
>;

const nullOr = <T>(matcher: Matcher<T>): Matcher<T | null> =>
  either<Matcher<T> | null>(matcher, null) as Matcher<T | null>;

/** The first frame that a client gets, for this user. */
export function welcomeOf(user: number, others: PatternFields = {}) {
  return { ...WELCOME, user_id: user as unknown as Matcher<number>, ...others };
}

const WELCOME = {
  type: 'welcome',
  v: 2,
  minor: integer(0),
  user_id: anything as Matcher<number>,
  name: aText,
  node: aText,
  session: aText,
  device: nullOr(aText),
  heartbeat_ms: integer(1, MAX_MS),
  epoch: aText,
  time: aTimestamp,
  token_expires_at: nullOr(aTimestamp),
  limits,
} as const;

export type Welcome = Matched<typeof WELCOME>;
