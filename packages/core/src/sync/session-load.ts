import type { LoadedConversation, LoadedUser, LoadingSession } from '../feed/membership-loader.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, Membership, Seq } from '../types.ts';
import { type PatientSession, readPatiently } from './patient-read.ts';
import { goesOnBehind, type Resume, unknownCursors } from './resume.ts';

/** What a session has read of its user, to begin with. */
export interface SessionLoad {
  readonly user: LoadedUser;
  /** Its conversations, and those that it has left of which something may still be missing. */
  readonly conversations: readonly LoadedConversation[];
  /** Those whose members change too fast to say: they come later, and go on behind this seq. */
  readonly open: Map<ConversationId, Seq>;
  /** Of those, the ones that the user has left since they were read, and where: what is at or below it is not for this session to send. */
  readonly left: ReadonlyMap<ConversationId, Seq>;
  /** Of the open ones, those of which the device has what this store has not. */
  readonly strange: readonly Membership[];
}

const NONE: ReadonlyMap<ConversationId, Seq> = new Map();

/** Leaves these conversations open. @returns those that the device has to forget, which go on behind their head */
function leaveOpen(
  rows: readonly Membership[],
  open: Map<ConversationId, Seq>,
  resume: Resume | null,
): readonly Membership[] {
  const strange: Membership[] = [];
  for (const row of rows) {
    const seq = goesOnBehind(resume, row);
    if (seq === null) strange.push(row);
    open.set(row.conversationId, seq ?? row.head);
  }
  return strange;
}

/**
 * Reads the memberships of a session's user, and what its device's other cursors are about.
 * @param last whether a conversation that the user joins meanwhile is left open; else that makes all of it `outdated`
 * @returns null when the session ended or had to
 */
export async function loadSession(
  session: LoadingSession & PatientSession,
  resume: Resume | null,
  last: boolean,
  services: NodeServices,
): Promise<SessionLoad | 'outdated' | null> {
  const { loader, readLimiter } = services;
  const loaded = await readPatiently(() => loader.load(session, resume?.groups ?? []), session, services);
  if (loaded === null || session.closed) return null;
  const open = new Map<ConversationId, Seq>();
  const strange = leaveOpen(loaded.unsettled, open, resume);
  const unknown = unknownCursors(loaded.conversations, resume?.cursors ?? null, open);
  if (unknown.length === 0) return { user: loaded, conversations: loaded.conversations, open, left: NONE, strange };
  // A client names what it likes, up to ten thousand: these reads wait in line with those that clients ask for.
  const read = () => readLimiter.run(async () => (session.closed ? null : loader.departed(session.user, unknown)));
  const found = await readPatiently(read, session, services);
  if (found === null || session.closed) return null;
  if (found.joined.length > 0 && !last) return 'outdated';
  const conversations = [...loaded.conversations, ...found.departed];
  const joined = leaveOpen(found.joined, open, resume);
  return { user: loaded, conversations, open, left: NONE, strange: [...strange, ...joined] };
}

/** The conversations without those that the user has left since they were read: they come back, if at all, with a membership of their own. */
export function withoutLeft(
  { user, conversations, open, strange }: SessionLoad,
  left: ReadonlyMap<ConversationId, Seq>,
  resume: Resume | null,
): SessionLoad {
  const gone = ({ row }: LoadedConversation): boolean => row.leftSeq === null && left.has(row.conversationId);
  const since = leaveOpen(
    conversations.filter(gone).map(({ row }) => row),
    open,
    resume,
  );
  const ended = new Map([...left].filter(([conversationId]) => open.has(conversationId)));
  const others = conversations.filter((loaded) => !gone(loaded));
  return { user, conversations: others, open, left: ended, strange: [...strange, ...since] };
}
