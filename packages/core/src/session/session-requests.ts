import type { CloseName, ErrorName, Ref } from '@parley/protocol';
import type { Caller } from '../handlers/caller.ts';
import type { Connection } from '../ports/connection.ts';
import { StoreError } from '../ports/message-store.ts';
import type { NodeServices } from '../services.ts';
import { type Replies, type Slot, UnorderedReplies } from '../wire/replies.ts';
import type { Reply } from '../wire/reply.ts';
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
    const slot = this.replies.reserve();
    let reply: Reply | Promise<Reply>;
    try {
      reply = this.#wire.dispatch(frame, caller, this.#services);
    } catch (error) {
      reply = this.#failure(error, frame.type);
    }
    if (!(reply instanceof Promise)) {
      this.#settle(slot, reply, frame.type, ref);
      return;
    }
    reply.then(
      (value) => this.#settle(slot, value, frame.type, ref),
      (error: unknown) => this.#settle(slot, this.#failure(error, frame.type), frame.type, ref),
    );
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

  #settle(slot: Slot, reply: Reply, type: string, ref: Ref | undefined): void {
    if ('duplicate' in reply && reply.duplicate) this.#services.telemetry.duplicateAnswered(type);
    switch (reply.kind) {
      case 'error':
        this.replies.settle(slot, this.error(reply.name, reply.detail, ref, reply.retryAfterMs));
        break;
      case 'close':
        // In this order: an answer that waits behind this one would be taken for the answer to this one (G1).
        this.#owner.closeFor(reply.name);
        this.replies.settle(slot, null);
        break;
      default:
        this.replies.settle(slot, this.#wire.encodeReply(reply, ref));
    }
    this.#owner.onAnswered();
  }

  #failure(error: unknown, type: string): Reply {
    this.#services.log.error({ err: error, session: this.#owner.id, type }, 'a request failed');
    return { kind: 'error', name: error instanceof StoreError ? 'store_unavailable' : 'internal' };
  }
}
