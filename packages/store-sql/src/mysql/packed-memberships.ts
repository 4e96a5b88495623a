import type { Membership, Role, UserId } from '@parley/core';

const SPACE = 32;
const SEMICOLON = 59;
const ZERO = 48;
/** Of the largest numbers that are exact. */
const MAX_DIGITS = 16;
const ROLES: Readonly<Record<string, Role>> = { m: 'member', a: 'admin', o: 'owner' };

/**
 * One membership, of `members m` and `conversations c`, as text: eight numbers, the role's first letter, and three numbers that may be absent: where the user has left, and the two
 * users of a personal conversation. A space behind each, but `;` at the end. NULL, and then in no list, when anything else is NULL.
 */
export const PACKED_MEMBERSHIP = `CONCAT(m.conversation_id,' ',c.last_seq,' ',c.members_version,' ',m.joined_seq,' ',m.added_seq,' ',\
m.delivered_seq,' ',m.seen_seq,' ',m.blocked,' ',LEFT(m.role,1),' ',COALESCE(m.left_seq,''),' ',COALESCE(REPLACE(c.pair_key,':',' '),' '),';')`;

/**
 * Reads such texts, one behind the other, of one user: by conversation, whatever their order.
 * @param count how many there are: a server cuts long texts off
 * @returns null when the text is not what it should be
 */
export function unpackMemberships(text: string, userId: UserId, count: number): Membership[] | null {
  const memberships: Membership[] = [];
  const numbers = new NumberReader(text);
  let sorted = true;
  let before = 0;
  while (numbers.at < text.length) {
    const conversationId = numbers.read(SPACE);
    const head = numbers.read(SPACE);
    const membersVersion = numbers.read(SPACE);
    const joinedSeq = numbers.read(SPACE);
    const addedSeq = numbers.read(SPACE);
    const deliveredSeq = numbers.read(SPACE);
    const seenSeq = numbers.read(SPACE);
    const blocked = numbers.read(SPACE) === 1;
    const role = ROLES[text.charAt(numbers.at)];
    numbers.at += 2;
    const leftSeq = numbers.readAny(SPACE);
    const low = numbers.readAny(SPACE);
    const high = numbers.readAny(SEMICOLON);
    if (numbers.wrong || role === undefined) return null;
    if (conversationId <= before) sorted = false;
    before = conversationId;
    memberships.push({
      userId,
      conversationId,
      kind: low === null ? 'group' : 'personal',
      peerId: low === userId ? high : low,
      head,
      membersVersion,
      joinedSeq,
      addedSeq,
      leftSeq,
      deliveredSeq,
      seenSeq,
      role,
      blocked,
    });
  }
  if (memberships.length !== count) return null;
  return sorted ? memberships : memberships.sort((a, b) => a.conversationId - b.conversationId);
}

/** Whole numbers in decimal. */
class NumberReader {
  readonly #text: string;
  at = 0;
  /** Something was none. */
  wrong = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(end: number): number {
    const value = this.readAny(end);
    if (value === null) this.wrong = true;
    return value ?? 0;
  }

  /** @returns null when there is nothing before `end` */
  readAny(end: number): number | null {
    const from = this.at;
    let value = 0;
    let code = this.#text.charCodeAt(this.at++);
    for (; code !== end; code = this.#text.charCodeAt(this.at++)) {
      const digit = code - ZERO;
      // Also behind the end of the text, where there is no code.
      if (!(digit >= 0 && digit <= 9)) {
        this.wrong = true;
        return null;
      }
      value = value * 10 + digit;
    }
    const digits = this.at - 1 - from;
    if (digits > MAX_DIGITS) this.wrong = true;
    return digits === 0 ? null : value;
  }
}
