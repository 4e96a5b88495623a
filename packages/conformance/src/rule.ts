import type { Scene } from './scene.ts';

export const TOPICS = {
  1: 'Sign-in',
  2: 'Requests and answers',
  3: 'Conversations and sends',
  4: 'Messages',
  5: 'Receipts and statuses',
  6: 'Resume',
  7: 'Reading',
  8: 'Typing and presence',
  9: 'Groups and blocking',
  10: 'Session',
  11: 'Old and new clients together',
} as const;

/** What a rule needs beside an address: tokens to mint, sign-in by bare user id, or a node of its own to stop. */
export type Need = 'tokens' | 'user_ids' | 'own_node';

/** One rule of the protocol and the transcript that proves it. */
export interface Rule {
  /** `V` and a number whose hundreds are the topic. Never used again for another rule. */
  readonly id: string;
  readonly title: string;
  /** Ids of promises (G1 to G10) and legacy rules (L1 to L17) that it proves. */
  readonly proves: readonly string[];
  readonly needs: readonly Need[];
  /** Waits for something that takes its time, such as an expiry: begun first, and waited for longer. */
  readonly slow: boolean;
  /** Plays it; throws a `ConformanceFailure` when the server does otherwise. */
  readonly play: (scene: Scene) => Promise<void>;
}

export interface RuleTerms {
  readonly proves?: readonly string[];
  readonly needs?: readonly Need[];
  readonly slow?: boolean;
}

export function rule(id: string, title: string, play: Rule['play'], terms: RuleTerms = {}): Rule {
  const { proves = [], needs = [], slow = false } = terms;
  return { id, title, proves, needs, slow, play };
}

export const topicOf = ({ id }: Rule): string => TOPICS[Math.floor(Number(id.slice(1)) / 100) as keyof typeof TOPICS];
