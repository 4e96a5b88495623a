import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { LoadingSession } from '../feed/membership-loader.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId, Membership, Seq } from '../types.ts';
import type { PatientSession } from './patient-read.ts';
import { goesOnBehind, type Resume } from './resume.ts';
import { loadSession, type SessionLoad, withoutLeft } from './session-load.ts';

/** Readings of the memberships, while the user goes on leaving conversations. */
const MAX_ROUNDS = 5;

/**
 * For the time that a session is loading: reads its memberships, in rounds. Whoever leaves a conversation while its membership is being read must not read
 * on (G7): what was read is forgotten, and after some rounds only what was read of that conversation. Bounded by the user's conversations.
 */
export class SessionLoading {
  readonly #session: LoadingSession & PatientSession;
  readonly #resume: Resume | null;
  readonly #services: NodeServices;
  #rounds = 0;
  /** Once the memberships have been read. */
  #load: SessionLoad | null = null;
  /** What was read, by feed; made when it is first asked for. */
  #rows: ReadonlyMap<ConversationFeed, Membership> | null = null;
  /** Conversations that the user has left since the memberships were last asked for, and where. */
  #left: Map<ConversationId, Seq> | null = null;

  constructor(session: LoadingSession & PatientSession, resume: Resume | null, services: NodeServices) {
    this.#session = session;
    this.#resume = resume;
    this.#services = services;
  }

  /** Never rejects. @returns null when the session ended meanwhile */
  async read(): Promise<SessionLoad | null> {
    for (;;) {
      this.#left = null;
      this.#rounds++;
      const load = await loadSession(this.#session, this.#resume, this.#isLast, this.#services);
      if (load === null || this.#session.closed) return null;
      if (load === 'outdated') continue;
      this.#load = load;
      this.#rows = null;
      return load;
    }
  }

  /** What was read can be gone on with; else it has to be read once more. */
  get stands(): boolean {
    return this.#left === null || this.#isLast || (this.#load !== null && this.#load.open.size > 0);
  }

  /** The user has left at `seq`. */
  departed(conversationId: ConversationId, seq: Seq): void {
    this.#left ??= new Map();
    this.#left.set(conversationId, seq);
  }

  /** What was read, without what the user has left since. The loading ends in the same tick: whoever leaves behind this leaves a session that reads on. */
  result(load: SessionLoad): SessionLoad {
    return this.#left === null ? load : withoutLeft(load, this.#left, this.#resume);
  }

  /** Behind which the device goes on, whose frames are taken before what it has missed is read; 0 of what is not known yet. */
  sent(feed: ConversationFeed): Seq {
    // A session that ends here asks for each.
    this.#rows ??= new Map(this.#load?.conversations.map((loaded) => [loaded.feed, loaded.row]));
    const row = this.#rows.get(feed);
    return row === undefined ? 0 : Math.min(goesOnBehind(this.#resume, row) ?? 0, feed.position);
  }

  get #isLast(): boolean {
    return this.#rounds === MAX_ROUNDS;
  }
}
