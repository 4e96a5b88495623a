import type { Protocol } from './driver-plan.ts';

/** How a seat says the few things it says before the load, and knows their answers. */
export interface Dialect {
  readonly protocol: Protocol;
  signIn(userId: number): string;
  signedIn(userId: number, text: string): boolean;
  init(members: readonly number[], kind: 'personal' | 'group'): string;
  /** @returns the conversation's id; null when it was refused; undefined when this is no answer to an init */
  opened(text: string): number | null | undefined;
}

interface Answer {
  readonly type: string;
  readonly db_conv_id?: number;
  readonly conv_id?: number;
}

const initFrame = (members: readonly number[], kind: 'personal' | 'group'): Record<string, unknown> => ({
  type: `init_${kind}`,
  conv_id: 1,
  member: members,
  ...(kind === 'group' ? { group_name: 'load', description: '' } : {}),
});

const legacy: Dialect = {
  protocol: 'legacy',
  signIn: String,
  signedIn: (userId, text) => text === `user id ${userId} received`,
  init: (members, kind) => JSON.stringify(initFrame(members, kind)),
  opened: (text) => {
    const answer = JSON.parse(text) as Answer;
    return answer.type === 'error' ? null : answer.db_conv_id;
  },
};

const current: Dialect = {
  protocol: 'current',
  signIn: (userId) =>
    JSON.stringify({ type: 'hello', v: 2, user_id: userId, device: 'bench', cursors: 'server', status_of: [] }),
  signedIn: (_userId, text) => text.startsWith('{"type":"sync_complete"'),
  init: (members, kind) => JSON.stringify({ ...initFrame(members, kind), client_id: 'bench', ref: 'init' }),
  opened: (text) => {
    const answer = JSON.parse(text) as Answer;
    if (answer.type === 'error') return null;
    return answer.type === 'conversation_ready' ? answer.conv_id : undefined;
  },
};

export const DIALECTS: Readonly<Record<Protocol, Dialect>> = { legacy, current };
