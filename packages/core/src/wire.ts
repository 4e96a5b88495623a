import type { ErrorName, LegacyClientFrame } from '@parley/protocol';
import type { Caller } from './handlers/caller.ts';
import type { Reply } from './reply.ts';
import type { NodeServices } from './services.ts';

/** A client's own name for a request, echoed in its answer; undefined when it gave none. */
export type Ref = string | number | undefined;

export type ClientFrame = LegacyClientFrame;

export type Received<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly error: ErrorName; readonly detail: string; readonly ref?: Ref };

/** One protocol, as a session speaks it. Stateless: one object for all sessions. */
export interface Wire<Frame extends { readonly type: string } = ClientFrame> {
  readonly protocol: 'legacy' | 'current';
  /** Never throws. */
  decode(text: string): Received<Frame>;
  refOf(frame: Frame): Ref;
  /** Rejects only with a `StoreError` or on a bug: the session turns both into an error frame. */
  dispatch(frame: Frame, caller: Caller, services: NodeServices): Promise<Reply>;
  /** @returns null when this protocol says nothing */
  encodeReply(reply: Exclude<Reply, { kind: 'error' | 'close' }>, ref: Ref): string | null;
  encodeError(name: ErrorName, detail: string | undefined, ref: Ref, retryAfterMs: number | undefined): string;
}
