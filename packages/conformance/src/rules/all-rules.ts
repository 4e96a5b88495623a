import type { Rule } from '../rule.ts';
import { blockingRules } from './blocking.ts';
import { groupRoleRules } from './group-roles.ts';
import { groupRules } from './groups.ts';
import { historyRules } from './history.ts';
import { initRules } from './inits.ts';
import { invalidFrameRules } from './invalid-frames.ts';
import { legacyRules } from './legacy.ts';
import { limitRules } from './limits.ts';
import { messageRules } from './messages.ts';
import { presenceRules } from './presence.ts';
import { readingRules } from './reading.ts';
import { receiptRules } from './receipts.ts';
import { requestRules } from './requests.ts';
import { resumeRules } from './resume.ts';
import { sendRules } from './sends.ts';
import { sessionRules } from './session.ts';
import { signInRules } from './sign-in.ts';
import { signInRefusedRules } from './sign-in-refused.ts';
import { typingRules } from './typing.ts';

/** Every rule, in the order of its id. */
export const RULES: readonly Rule[] = [
  ...signInRules,
  ...signInRefusedRules,
  ...requestRules,
  ...invalidFrameRules,
  ...limitRules,
  ...initRules,
  ...sendRules,
  ...messageRules,
  ...receiptRules,
  ...resumeRules,
  ...readingRules,
  ...historyRules,
  ...typingRules,
  ...presenceRules,
  ...groupRules,
  ...groupRoleRules,
  ...blockingRules,
  ...sessionRules,
  ...legacyRules,
];
