import type { CurrentClientFrame, ErrorName, LegacyClientFrame, Ref } from '@parley/protocol';
import type { Caller } from '../handlers/caller.ts';
import type { NodeServices } from '../services.ts';
import type { Answer, Asker, Reply } from './reply.ts';

export type ClientFrame = LegacyClientFrame | CurrentClientFrame;

export type Received<Frame> =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly error: ErrorName; readonly detail: string; readonly ref?: Ref };

/** One protocol, as a session speaks it. Stateless: one object for all sessions. */
export interface Wire<Frame extends { readonly type: string } = ClientFrame> {
  readonly protocol: 'legacy' | 'current';
  /** Never throws. */
  decode(text: string): Received<Frame>;
  /** The client's own name for the request, echoed in its answer. */
  refOf(frame: Frame): Ref | undefined;
  /** Rejects only with a `StoreError` or on a bug: the session turns both into an error frame. `asker` is told what is answered `LATER`. */
  dispatch(frame: Frame, caller: Caller, services: NodeServices, asker: Asker): Answer;
  /** Whether answers leave in the order of their requests. */
  readonly ordered: boolean;
  /** @returns null when this protocol says nothing */
  encodeReply(reply: Exclude<Reply, { kind: 'error' | 'close' }>, ref: Ref | undefined): string | null;
  encodeError(name: ErrorName, detail?: string, ref?: Ref, retryAfterMs?: number): string;
}
