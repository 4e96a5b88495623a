import type { ConversationFeed } from '../feed/conversation-feed.ts';
import type { CatchUpRange } from '../session/local-user.ts';

/**
 * Ranges of one feed that overlap or touch become one. Those that do not stay apart: what lies between two memberships of a user is not for it to see
 * (G7).
 */
export function mergeRanges(ranges: readonly CatchUpRange[]): CatchUpRange[] {
  const byFeed = new Map<ConversationFeed, CatchUpRange[]>();
  for (const range of ranges) {
    const list = byFeed.get(range.feed);
    if (list === undefined) byFeed.set(range.feed, [range]);
    else list.push(range);
  }
  return [...byFeed.values()].flatMap((list) => (list.length === 1 ? list : joined(list)));
}

function joined(ranges: readonly CatchUpRange[]): CatchUpRange[] {
  const sorted = [...ranges].sort((a, b) => a.afterSeq - b.afterSeq);
  const result: CatchUpRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last === undefined || range.afterSeq > last.uptoSeq) result.push(range);
    else {
      result[result.length - 1] = {
        feed: last.feed,
        afterSeq: last.afterSeq,
        uptoSeq: Math.max(last.uptoSeq, range.uptoSeq),
        includeOwn: last.includeOwn || range.includeOwn,
      };
    }
  }
  return result;
}
