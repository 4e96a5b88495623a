import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Target } from '../support/target.ts';
import { conversationTranscripts } from './conversations.ts';
import { errorTranscripts } from './errors.ts';
import { groupStatusTranscripts } from './group-statuses.ts';
import { messageTranscripts } from './messages.ts';
import { signInTranscripts } from './sign-in.ts';
import { statusTranscripts } from './statuses.ts';
import { tokenTranscripts } from './tokens.ts';

/** The legacy protocol, L1 to L17 (L16 is its own, where there is a database), frame by frame as old clients expect it. */
export function legacyTranscripts<T extends Target>(
  name: string,
  start: () => Promise<T>,
  more?: (target: () => T) => void,
): void {
  describe(name, () => {
    let target: T;
    beforeAll(async () => {
      target = await start();
    });
    afterEach(() => target.dropClients());
    afterAll(() => target?.stop());

    const running = (): T => target;
    signInTranscripts(running);
    conversationTranscripts(running);
    messageTranscripts(running);
    statusTranscripts(running);
    groupStatusTranscripts(running);
    errorTranscripts(running);
    tokenTranscripts(running);
    more?.(running);
  });
}
