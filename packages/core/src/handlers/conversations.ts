import type { CurrentServerFrame } from '@parley/protocol';
import type { ConversationSummary } from '../ports/conversation-reader.ts';
import type { NodeServices } from '../services.ts';
import type { ConversationId } from '../types.ts';
import type { Reply } from '../wire/reply.ts';
import type { Caller } from './caller.ts';
import type { FrameOf } from './frame-of.ts';
import { PageBudget } from './page-budget.ts';
import { storedEntry } from './stored-entry.ts';
import { answerInTurn } from './turns.ts';

type Summary = Extract<CurrentServerFrame, { readonly type: 'conversations' }>['conversations'][number];

interface Page {
  readonly summaries: readonly ConversationSummary[];
  /** Where to go on, or null when that was all. */
  readonly next: ConversationId | null;
}

/** The caller's conversations by id, those it has left too: all in pages, or the ones it names. */
export function handleConversations(
  frame: FrameOf<'conversations'>,
  caller: Caller,
  services: NodeServices,
): Promise<Reply> {
  return answerInTurn(caller, services, async () => {
    const { summaries, next } =
      frame.conv_id === undefined
        ? await pageAfter(frame.after, frame.limit, caller, services)
        : await pageOf(frame.conv_id, caller, services);
    return { kind: 'frame', frame: { type: 'conversations', conversations: summaries.map(summaryFrame), next } };
  });
}

async function pageAfter(
  after: ConversationId,
  limit: number,
  { user }: Caller,
  { reader }: NodeServices,
): Promise<Page> {
  const budget = new PageBudget(limit);
  const taken: ConversationSummary[] = [];
  let last = after;
  for (let want = budget.next; want > 0; want = budget.next) {
    const rows = await reader.summaries(user.id, { afterId: last, limit: want });
    for (const row of rows) {
      if (!budget.take(...textsOf(row))) return { summaries: taken, next: last };
      taken.push(row);
      last = row.conversationId;
    }
    if (rows.length < want) return { summaries: taken, next: null };
  }
  return { summaries: taken, next: last };
}

/** Those named that the caller is or was in. `next` is set when texts have filled the answer: those with larger ids are to be asked for again. */
async function pageOf(named: readonly ConversationId[], { user }: Caller, { reader }: NodeServices): Promise<Page> {
  const ids = [...new Set(named)].sort((a, b) => a - b);
  const budget = new PageBudget(ids.length);
  const taken: ConversationSummary[] = [];
  let last: ConversationId | null = null;
  for (let at = 0; at < ids.length; ) {
    const want = budget.next;
    if (want === 0) return { summaries: taken, next: last };
    const rows = await reader.summaries(user.id, { ids: ids.slice(at, at + want) });
    at += want;
    for (const row of rows.toSorted((a, b) => a.conversationId - b.conversationId)) {
      if (!budget.take(...textsOf(row))) return { summaries: taken, next: last };
      taken.push(row);
      last = row.conversationId;
    }
  }
  return { summaries: taken, next: null };
}

const textsOf = ({ name, description, last }: ConversationSummary): string[] => [name, description, last?.body ?? ''];

function summaryFrame(row: ConversationSummary): Summary {
  const { kind, name, description, peer, last } = row;
  return {
    conv_id: row.conversationId,
    kind,
    ...(kind === 'group' ? { group_name: name, description } : {}),
    ...(peer === null ? {} : { peer: { user_id: peer.userId, name: peer.name, blocked: peer.blocked } }),
    members: row.members,
    role: row.role,
    seq: row.head,
    first_seq: row.firstSeq,
    unread: row.unread,
    delivered_seq: row.deliveredSeq,
    seen_seq: row.seenSeq,
    history: row.history,
    last: last === null ? null : storedEntry(last),
    left: row.left,
  };
}
