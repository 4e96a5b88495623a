import type { LoadedConversation, LoadedUser, LoadingSession } from '../feed/membership-loader.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, Seq } from '../types.ts';
import { type PatientSession, readPatiently } from './patient-read.ts';
import { type Resume, unknownCursors } from './session-sync.ts';

/** What a session has read of its user, to begin with. */
export interface SessionLoad {
  readonly user: LoadedUser;
  /** Its conversations, and those that it has left of which something may still be missing. */
  readonly conversations: readonly LoadedConversation[];
  /** Those whose members change too fast to say: they come later, and go on behind this seq. */
  readonly open: Map<ConversationId, Seq>;
  /** Of those, the ones that the user has left since they were read, and where: what is at or below it is not for this session to send. */
  readonly left: ReadonlyMap<ConversationId, Seq>;
}

const NONE: ReadonlyMap<ConversationId, Seq> = new Map();

/** The seq behind which a device goes on in a conversation of its user. */
const goesOnBehind = (resume: Resume | null, conversationId: ConversationId, deliveredSeq: Seq): Seq =>
  (resume?.sameEpoch === true ? resume.cursors?.get(conversationId) : undefined) ?? deliveredSeq;

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
  for (const { conversationId, deliveredSeq } of loaded.unsettled) {
    open.set(conversationId, goesOnBehind(resume, conversationId, deliveredSeq));
  }
  const unknown = unknownCursors(loaded.conversations, resume?.cursors ?? null, open);
  if (unknown.length === 0) return { user: loaded, conversations: loaded.conversations, open, left: NONE };
  // A client names what it likes, up to ten thousand: these reads wait in line with those that clients ask for.
  const read = () => readLimiter.run(async () => (session.closed ? null : loader.departed(session.user, unknown)));
  const found = await readPatiently(read, session, services);
  if (found === null || session.closed) return null;
  if (found.joined.length > 0 && !last) return 'outdated';
  for (const { conversationId, deliveredSeq } of found.joined) {
    open.set(conversationId, goesOnBehind(resume, conversationId, deliveredSeq));
  }
  return { user: loaded, conversations: [...loaded.conversations, ...found.departed], open, left: NONE };
}

/** The conversations without those that the user has left since they were read: they come back, if at all, with a membership of their own. */
export function withoutLeft(
  { user, conversations, open }: SessionLoad,
  left: ReadonlyMap<ConversationId, Seq>,
  resume: Resume | null,
): SessionLoad {
  const gone = ({ row }: LoadedConversation): boolean => row.leftSeq === null && left.has(row.conversationId);
  for (const { row } of conversations.filter(gone)) {
    open.set(row.conversationId, goesOnBehind(resume, row.conversationId, row.deliveredSeq));
  }
  const ended = new Map([...left].filter(([conversationId]) => open.has(conversationId)));
  return { user, conversations: conversations.filter((loaded) => !gone(loaded)), open, left: ended };
}
