import { CLOSE_CODES, type CloseName, ERROR_CODES, type ErrorName, encodeSignedIn } from '@parley/protocol';
import type { Caller } from './handlers/caller.ts';
import { legacyWire } from './legacy-wire.ts';
import type { LocalUser } from './local-user.ts';
import type { Connection, ConnectionHandler } from './ports/connection.ts';
import { StoreError } from './ports/message-store.ts';
import type { Reply } from './reply.ts';
import { ReplyQueue, type Slot } from './reply-queue.ts';
import type { NodeServices } from './services.ts';
import { type DeliveryOwner, SessionDelivery } from './session-delivery.ts';
import type { User } from './types.ts';
import type { Ref, Wire } from './wire.ts';

type Phase =
  | { readonly kind: 'awaiting_sign_in' }
  /** Frames that came before the sign-in was through wait in `early`. */
  | { readonly kind: 'signing_in'; readonly early: string[]; earlyBytes: number }
  | { readonly kind: 'signed_in'; readonly caller: Caller; readonly delivery: SessionDelivery }
  /** No more frames are taken; the answers to those that were still go out. */
  | { readonly kind: 'closing'; readonly delivery: SessionDelivery | null }
  | { readonly kind: 'closed' };

/**
 * The protocol state of one connection, and the only one that touches it: decodes, signs in, dispatches, and answers in order. Delivery has a
 * state of its own (`SessionDelivery`).
 */
export class Session implements ConnectionHandler, DeliveryOwner {
  readonly id: number;
  readonly acceptedAtMs: number;
  readonly #connection: Connection;
  readonly #services: NodeServices;
  readonly #replies: ReplyQueue;
  readonly #onClosed: (session: Session, user: LocalUser | null) => void;
  #phase: Phase = { kind: 'awaiting_sign_in' };
  #user: LocalUser | null = null;
  #greeting: Slot | null = null;
  readonly #wire: Wire = legacyWire;

  constructor(
    connection: Connection,
    services: NodeServices,
    onClosed: (session: Session, user: LocalUser | null) => void,
  ) {
    this.id = connection.id;
    this.acceptedAtMs = services.clock.nowMs();
    this.#connection = connection;
    this.#services = services;
    this.#replies = new ReplyQueue(connection);
    this.#onClosed = onClosed;
  }

  get signedIn(): boolean {
    return this.#phase.kind === 'signed_in';
  }

  get awaitingSignIn(): boolean {
    return this.#phase.kind === 'awaiting_sign_in' || this.#phase.kind === 'signing_in';
  }

  onText(text: string): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'awaiting_sign_in':
        this.#phase = { kind: 'signing_in', early: [], earlyBytes: 0 };
        void this.#signIn(text);
        break;
      case 'signing_in': {
        const { maxEarlyFrames, maxEarlyBytes } = this.#services.settings;
        phase.earlyBytes += text.length;
        if (phase.early.length >= maxEarlyFrames || phase.earlyBytes > maxEarlyBytes)
          this.#end('too_many_frames', 'overloaded');
        else phase.early.push(text);
        break;
      }
      case 'signed_in':
        this.#receive(text, phase.caller);
        break;
      case 'closing':
      case 'closed':
        break;
    }
  }

  onBinary(): void {
    if (this.#phase.kind === 'awaiting_sign_in') this.#end('sign_in_refused', 'invalid_user_id');
    else if (this.#phase.kind === 'signed_in') this.#replies.answer(this.#error('binary_frame'));
    else if (this.#phase.kind === 'signing_in') this.#end('too_many_frames', 'binary_frame');
  }

  onPong(payload: string): void {
    if (this.#phase.kind === 'signed_in' || this.#phase.kind === 'closing') this.#phase.delivery?.onPong(payload);
  }

  onDrain(): void {
    if (this.#phase.kind === 'signed_in') this.#phase.delivery.onDrain();
  }

  onClose({ code, slow }: { readonly code: number; readonly slow: boolean }): void {
    this.#leave();
    this.#phase = { kind: 'closed' };
    this.#services.telemetry.connectionClosed(code, slow);
    this.#onClosed(this, this.#user);
  }

  /** Only now the answer to the first frame: what is committed after it comes live, whatever other connections of the user have taken or sent (L14). */
  onLoaded(): void {
    if (this.#greeting === null || this.#user === null) return;
    this.#replies.settle(this.#greeting, encodeSignedIn(this.#user.id));
    this.#greeting = null;
  }

  onLoadFailed(): void {
    this.#end('internal', 'store_unavailable');
  }

  /** The deadline for the first frame has passed. */
  expireSignIn(): void {
    if (this.awaitingSignIn) this.#end('sign_in_timeout', 'sign_in_timeout');
  }

  /** G10, first step: the other direction goes quiet, so that a last ping can prove what was delivered. Requests go on being answered. */
  beginDrain(): void {
    if (this.#phase.kind !== 'signed_in') return;
    const { delivery } = this.#phase;
    // Answers wait behind the greeting; what is pending stays so.
    this.onLoaded();
    delivery.freeze();
    if (delivery.watermark.wantsPing) delivery.watermark.ping(this.#connection, this.#services.clock.nowMs());
  }

  /** G10, last step for a client that never pauses: takes no more frames; the answers to those it has taken still go out. */
  stopTaking(): void {
    if (this.#phase.kind === 'signed_in') this.#phase = { kind: 'closing', delivery: this.#phase.delivery };
  }

  /** Every request that was taken has its answer. */
  get answered(): boolean {
    return this.#replies.waiting === 0;
  }

  /** Every frame that was sent is proven delivered. */
  get proven(): boolean {
    if (this.#phase.kind !== 'signed_in' && this.#phase.kind !== 'closing') return true;
    return this.#phase.delivery?.watermark.settled ?? true;
  }

  goAway(): void {
    this.#close('service_restart');
  }

  async #signIn(firstFrame: string): Promise<void> {
    const services = this.#services;
    try {
      const identity = await services.authenticator.authenticate(firstFrame);
      if (!identity.ok) {
        // Trouble on this side is no reason to stay away.
        const close = ERROR_CODES[identity.error].temporary ? 'internal' : 'sign_in_refused';
        this.#end(close, identity.error, identity.detail);
        return;
      }
      const user = await services.signIns.ask({ userId: identity.userId, name: identity.name });
      this.#welcome(user);
    } catch (error) {
      services.log.error({ err: error, session: this.id }, 'sign-in failed');
      this.#end('internal', error instanceof StoreError ? 'store_unavailable' : 'internal');
    }
  }

  #welcome(stored: User): void {
    if (this.#phase.kind !== 'signing_in') return;
    const { early } = this.#phase;
    const services = this.#services;
    const user = services.hub.localUser(stored);
    const delivery = new SessionDelivery({
      sessionId: this.id,
      connection: this.#connection,
      user,
      services,
      owner: this,
    });
    services.hub.addRecipient(user, delivery);
    this.#user = user;
    const caller: Caller = { user, sessionId: this.id, lookups: null };
    this.#phase = { kind: 'signed_in', caller, delivery };
    services.telemetry.signedIn();
    services.log.debug({ userId: user.id, session: this.id }, 'signed in');
    this.#greeting = this.#replies.reserve();
    void delivery.start();
    for (const text of early) this.onText(text);
  }

  #receive(text: string, caller: Caller): void {
    const services = this.#services;
    const decoded = this.#wire.decode(text);
    if (!decoded.ok) {
      services.telemetry.frameReceived('invalid');
      this.#replies.answer(this.#error(decoded.error, decoded.detail, decoded.ref));
      this.#checkUnanswered();
      return;
    }
    const { frame } = decoded;
    const ref = this.#wire.refOf(frame);
    services.telemetry.frameReceived(frame.type);
    if (this.#replies.waiting >= services.settings.maxInFlightPerSession) {
      this.#replies.answer(this.#error('overloaded', 'Wait for answers before you send more.', ref));
      this.#checkUnanswered();
      return;
    }
    const slot = this.#replies.reserve();
    this.#wire.dispatch(frame, caller, services).then(
      (reply) => this.#settle(slot, reply, ref),
      (error: unknown) => this.#settle(slot, this.#failure(error, frame.type), ref),
    );
  }

  #checkUnanswered(): void {
    if (this.#replies.waiting >= this.#services.settings.maxUnansweredPerSession) this.#close('too_many_frames');
  }

  #settle(slot: Slot, reply: Reply, ref: Ref): void {
    switch (reply.kind) {
      case 'error':
        this.#replies.settle(slot, this.#error(reply.name, reply.detail, ref, reply.retryAfterMs));
        break;
      case 'close':
        // In this order: an answer that waits behind this one would be taken for the answer to this one (G1).
        this.#close(reply.name);
        this.#replies.settle(slot, null);
        break;
      default:
        this.#replies.settle(slot, this.#wire.encodeReply(reply, ref));
    }
  }

  #failure(error: unknown, type: string): Reply {
    this.#services.log.error({ err: error, session: this.id, type }, 'a request failed');
    return { kind: 'error', name: error instanceof StoreError ? 'store_unavailable' : 'internal' };
  }

  #error(name: ErrorName, detail?: string, ref?: Ref, retryAfterMs?: number): string {
    this.#services.telemetry.errorSent(name);
    return this.#wire.encodeError(name, detail, ref, retryAfterMs);
  }

  /** One error frame, then the end. */
  #end(close: CloseName, error: ErrorName, detail?: string): void {
    if (this.#phase.kind === 'closed' || this.#phase.kind === 'closing') return;
    this.#connection.send(this.#error(error, detail));
    this.#close(close);
  }

  #close(name: CloseName): void {
    if (this.#phase.kind === 'closed') return;
    this.#leave();
    this.#phase = { kind: 'closing', delivery: null };
    const { code, reason } = CLOSE_CODES[name];
    this.#connection.close(code, reason);
  }

  /** Ends delivery and the node's interest in the user. Idempotent. */
  #leave(): void {
    if (this.#phase.kind === 'signed_in' || this.#phase.kind === 'closing') {
      const { delivery } = this.#phase;
      if (delivery === null) return;
      delivery.close();
      this.#services.hub.removeRecipient(delivery.user, delivery);
    }
  }
}
