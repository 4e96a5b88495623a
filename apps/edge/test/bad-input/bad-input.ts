import type { CloseName, ErrorName } from '@parley/protocol';

/** What exists when a row is sent: `me` is the sender of bad input; `mine` are its conversations, `theirs` are other people's. */
export interface Scene {
  readonly me: number;
  readonly peer: number;
  readonly stranger: number;
  readonly myPersonal: number;
  readonly myGroup: number;
  readonly theirPersonal: number;
  readonly theirGroup: number;
  /** A message from `peer` to `me`, one from `me`, and one between others. */
  readonly received: number;
  readonly sent: number;
  readonly foreign: number;
}

/** A text frame as JSON, text or bytes; `binary` and `raw` (past the framing) say so. */
export type Wire = object | string | Uint8Array | { readonly binary: Uint8Array } | { readonly raw: Uint8Array };

export type Outcome =
  /** One error frame; the connection lives on. */
  | { readonly error: ErrorName }
  /** No answer; the connection lives on. */
  | { readonly silence: true }
  /** Taken for what it is: an answer that starts so, and `stored` rows. */
  | { readonly answer: string; readonly stored?: { readonly messages: 1 } }
  /** One error frame and the end. */
  | { readonly end: CloseName; readonly error: ErrorName }
  /** The end without a word: what came is no WebSocket any more, or too much of it (1006). */
  | { readonly cut: true };

export interface BadInput {
  readonly name: string;
  /** `first`: instead of a first frame, on a new connection. `signed_in`: on a connection of `me`. */
  readonly when: 'first' | 'signed_in';
  readonly wire: (scene: Scene) => Wire;
  readonly outcome: Outcome;
}

/** Stands in texts of bad input and must not come back in an error. */
export const CANARY = 'parley-canary';

export const row = (name: string, outcome: Outcome, wire: BadInput['wire']): BadInput => ({
  name,
  when: 'signed_in',
  wire,
  outcome,
});

export const invalid = (name: string, wire: BadInput['wire']): BadInput => row(name, { error: 'invalid_frame' }, wire);

/** A text body in `bytes` bytes. */
export const long = (bytes: number): string => CANARY.repeat(Math.ceil(bytes / CANARY.length)).slice(0, bytes);
