import type { CloseName, ErrorName } from '@parley/protocol';

/** What a handler wants said to the client that asked. Handlers return it; only the session touches the connection. */
export type Reply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'error'; readonly name: ErrorName; readonly detail?: string }
  /** No honest answer is possible: the connection ends. */
  | { readonly kind: 'close'; readonly name: CloseName };

export const NOTHING: Reply = { kind: 'nothing' };
export const text = (value: string): Reply => ({ kind: 'text', text: value });
export const refusal = (name: ErrorName, detail?: string): Reply =>
  detail === undefined ? { kind: 'error', name } : { kind: 'error', name, detail };
