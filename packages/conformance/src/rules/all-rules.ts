import type { Rule } from '../rule.ts';
import { initRules } from './inits.ts';
import { invalidFrameRules } from './invalid-frames.ts';
import { messageRules } from './messages.ts';
import { readingRules } from './reading.ts';
import { receiptRules } from './receipts.ts';
import { requestRules } from './requests.ts';
import { resumeRules } from './resume.ts';
import { sendRules } from './sends.ts';
import { signInRules } from './sign-in.ts';
import { signInRefusedRules } from './sign-in-refused.ts';

/** Every rule, in the order of its id. */
export const RULES: readonly Rule[] = [
  ...signInRules,
  ...signInRefusedRules,
  ...requestRules,
  ...invalidFrameRules,
  ...initRules,
  ...sendRules,
  ...messageRules,
  ...receiptRules,
  ...resumeRules,
  ...readingRules,
];
