import type { z } from 'zod';
import type { ErrorName } from './error-code.ts';

/** Why a frame was not understood. `detail` says what to do, and never holds anything that the client sent. */
export interface Refusal {
  readonly ok: false;
  readonly error: ErrorName;
  readonly detail: string;
}

export const refuse = (error: ErrorName, detail: string): Refusal => ({ ok: false, error, detail });

/**
 * Names the field and what to send. Every schema brings its own words; a schema's `params.name` chooses another error than
 * `invalid_frame`. Paths hold names of fields and indices only, never a key that the client made up.
 */
export function refuseIssues(error: z.ZodError): Refusal {
  const issue = error.issues[0];
  if (issue === undefined) return refuse('invalid_frame', 'Correct the fields of the frame.');
  const params = issue.code === 'custom' ? (issue.params as { name?: ErrorName } | undefined) : undefined;
  const field = issue.path.join('.');
  return refuse(
    params?.name ?? 'invalid_frame',
    field === '' ? capitalised(issue.message) : `${field}: ${issue.message}`,
  );
}

const capitalised = (advice: string): string => advice.slice(0, 1).toUpperCase() + advice.slice(1);

/** The object of a text frame, or in words why it is none (`invalid_json`). Never throws. */
export function parseObject(text: string): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'Not JSON: send one JSON object per text frame.';
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return 'Send one JSON object per text frame.';
}
