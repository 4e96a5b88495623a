import type { CloseName, ErrorName, Ref } from '@parley/protocol';
import type { Caller } from '../handlers/caller.ts';
import type { Connection } from '../ports/connection.ts';
import { StoreError } from '../ports/message-store.ts';
import type { NodeServices } from '../services.ts';
import { type Replies, type Slot, UnorderedReplies } from '../wire/replies.ts';
import { type Answer, type Asker, LATER, type Reply } from '../wire/reply.ts';
import { ReplyQueue } from '../wire/reply-queue.ts';
import type { Wire } from '../wire/wire.ts';

/** The session that the requests come from. */
export interface RequestOwner {
  readonly id: number;
  /** No honest answer, or no end of frames: the connection ends. */
  closeFor(name: CloseName): void;
  /** A request has been answered. */
  onAnswered(): void;
}

/** One request: whom its reply goes to, and its place among the replies. Made for every frame, so it is all that waits with it. */
class Request implements Asker, Slot {
  readonly #requests: SessionRequests;
  readonly type: string;
  readonly ref: Ref | undefined;
  done = false;
  text: string | null = null;

  constructor(requests: SessionRequests, type: string, ref: Ref | undefined) {
    this.#requests = requests;
    this.type = type;
    this.ref = ref;
  }

  answer(reply: Reply | Promise<Reply>): void {
    if (!(reply instanceof Promise)) {
      this.#requests.settle(this, reply);
      return;
    }
    reply.then(
      (value) => this.#requests.settle(this, value),
      (error: unknown) => this.#requests.fail(this, error),
    );
  }
}

/** The requests of one session: decodes, dispatches and answers them, in the words of its protocol. Bounded by the requests without an answer. */
export class SessionRequests {
  readonly replies: Replies;
  readonly #wire: Wire;
  readonly #services: NodeServices;
  readonly #owner: RequestOwner;

  constructor(wire: Wire, connection: Connection, services: NodeServices, owner: RequestOwner) {
    this.replies = wire.ordered ? new ReplyQueue(connection) : new UnorderedReplies(connection);
    this.#wire = wire;
    this.#services = services;
    this.#owner = owner;
  }

  get protocol(): Wire['protocol'] {
    return this.#wire.protocol;
  }

  receive(text: string, caller: Caller): void {
    const { telemetry, settings } = this.#services;
    const decoded = this.#wire.decode(text);
    if (!decoded.ok) {
      telemetry.frameReceived('invalid');
      this.refuse(decoded.error, decoded.detail, decoded.ref);
      return;
    }
    const { frame } = decoded;
    const ref = this.#wire.refOf(frame);
    telemetry.frameReceived(frame.type);
    if (this.replies.waiting >= settings.maxInFlightPerSession) {
      this.refuse('overloaded', 'Wait for answers before you send more.', ref);
      return;
    }
    const request = new Request(this, frame.type, ref);
    this.replies.reserve(request);
    let answer: Answer;
    try {
      answer = this.#wire.dispatch(frame, caller, this.#services, request);
    } catch (error) {
      answer = this.#failure(error, frame.type);
    }
    if (answer !== LATER) request.answer(answer);
  }

  onDrain(): void {
    if (this.replies.onDrain()) this.#owner.onAnswered();
  }

  /** Answers a frame that is not taken; ends the connection of a client that goes on sending without waiting for answers. */
  refuse(name: ErrorName, detail?: string, ref?: Ref): void {
    this.replies.answer(this.error(name, detail, ref));
    if (this.replies.waiting >= this.#services.settings.maxUnansweredPerSession)
      this.#owner.closeFor('too_many_frames');
  }

  /** One error frame, counted. */
  error(name: ErrorName, detail?: string, ref?: Ref, retryAfterMs?: number): string {
    this.#services.telemetry.errorSent(name);
    return this.#wire.encodeError(name, detail, ref, retryAfterMs);
  }

  /** The reply to a request that was received here. */
  settle(request: Request, reply: Reply): void {
    const { type, ref } = request;
    if ('duplicate' in reply && reply.duplicate) this.#services.telemetry.duplicateAnswered(type);
    switch (reply.kind) {
      case 'error':
        this.replies.settle(request, this.error(reply.name, reply.detail, ref, reply.retryAfterMs));
        break;
      case 'close':
        // In this order: an answer that waits behind this one would be taken for the answer to this one (G1).
        this.#owner.closeFor(reply.name);
        this.replies.settle(request, null);
        break;
      default:
        this.replies.settle(request, this.#wire.encodeReply(reply, ref));
    }
    this.#owner.onAnswered();
  }

  /** A request came to nothing for no fault of the client. */
  fail(request: Request, error: unknown): void {
    this.settle(request, this.#failure(error, request.type));
  }

  #failure(error: unknown, type: string): Reply {
    this.#services.log.error({ err: error, session: this.#owner.id, type }, 'a request failed');
    if (!(error instanceof StoreError)) return { kind: 'error', name: 'internal' };
    // An error says that nothing is stored (G1): an init or a block may be.
    if (error.outcome === 'unknown') return { kind: 'close', name: 'outcome_unknown' };
    return { kind: 'error', name: 'store_unavailable' };
  }
}
