import {
  CLOSE_CODES,
  type CloseName,
  decodeHello,
  type ErrorName,
  encodeSignedIn,
  type Hello,
  type Ref,
} from '@parley/protocol';
import type { LoadedUser } from '../feed/membership-loader.ts';
import type { Caller, SessionControl } from '../handlers/caller.ts';
import type { Connection, ConnectionHandler } from '../ports/connection.ts';
import { StoreError } from '../ports/message-store.ts';
import type { Protocol } from '../ports/telemetry.ts';
import type { NodeServices } from '../services.ts';
import { resumeOf } from '../sync/resume.ts';
import { encodeWelcome } from '../sync/welcome.ts';
import type { TimeUs } from '../types.ts';
import { currentWire } from '../wire/current-wire.ts';
import { legacyWire } from '../wire/legacy-wire.ts';
import type { Slot } from '../wire/replies.ts';
import { EarlyFrames } from './early-frames.ts';
import { Goaway } from './goaway.ts';
import type { LocalUser } from './local-user.ts';
import { type DeliveryOwner, SessionDelivery } from './session-delivery.ts';
import { SessionExpiry } from './session-expiry.ts';
import { type RequestOwner, SessionRequests } from './session-requests.ts';
import { type Proof, signIn } from './sign-in.ts';

type Phase =
  | { readonly kind: 'awaiting_sign_in' }
  /** Frames that came before the sign-in was through wait in `early`. */
  | { readonly kind: 'signing_in'; readonly early: EarlyFrames }
  | { readonly kind: 'signed_in'; readonly caller: Caller }
  /** No more frames are taken; the answers to those that were still go out. */
  | { readonly kind: 'closing' }
  | { readonly kind: 'closed' };

/** A goodbye that was asked for. */
const BYE = { code: 1000, reason: 'bye' };

/**
 * The protocol state of one connection, and with its delivery and requests the only one that touches it. The first frame decides which protocol is
 * spoken.
 */
export class Session implements ConnectionHandler, DeliveryOwner, RequestOwner, SessionControl {
  readonly id: number;
  readonly acceptedAtMs: number;
  readonly #connection: Connection;
  readonly #services: NodeServices;
  readonly #onClosed: (session: Session, user: LocalUser | null) => void;
  #phase: Phase = { kind: 'awaiting_sign_in' };
  #requests: SessionRequests;
  #user: LocalUser | null = null;
  #delivery: SessionDelivery | null = null;
  /** The place of the answer to the first frame of a legacy client. */
  #greeting: Slot | null = null;
  /** The first frame of a current client, until it is answered. */
  #hello: { readonly frame: Hello; readonly proof: Proof } | null = null;
  #expiry: SessionExpiry | null = null;
  #leaving = false;
  /** Since it was signed in. */
  #protocol: Protocol | null = null;
  /** Since its node drains; null for a legacy session. */
  #goaway: Goaway | null = null;

  constructor(
    connection: Connection,
    services: NodeServices,
    onClosed: (session: Session, user: LocalUser | null) => void,
  ) {
    this.id = connection.id;
    this.acceptedAtMs = services.clock.nowMs();
    this.#connection = connection;
    this.#services = services;
    this.#requests = new SessionRequests(legacyWire, connection, services, this);
    this.#onClosed = onClosed;
  }

  get signedIn(): boolean {
    return this.#phase.kind === 'signed_in';
  }

  get awaitingSignIn(): boolean {
    return this.#phase.kind === 'awaiting_sign_in' || (this.#phase.kind === 'signing_in' && this.#user === null);
  }

  onText(text: string): void {
    const phase = this.#phase;
    switch (phase.kind) {
      case 'awaiting_sign_in':
        this.#phase = { kind: 'signing_in', early: new EarlyFrames(this.#services.settings) };
        this.#takeFirst(text);
        break;
      case 'signing_in':
        if (!phase.early.keep(text)) this.#end('too_many_frames', 'overloaded');
        break;
      case 'signed_in':
        this.#requests.receive(text, phase.caller);
        break;
      case 'closing':
      case 'closed':
        break;
    }
  }

  onBinary(): void {
    if (this.#phase.kind === 'awaiting_sign_in') this.#end('sign_in_refused', 'invalid_user_id');
    else if (this.#phase.kind === 'signed_in') this.#requests.refuse('binary_frame');
    else if (this.#phase.kind === 'signing_in') this.#end('too_many_frames', 'binary_frame');
  }

  onPong(payload: string): void {
    this.#goaway?.onPong(payload);
    if (this.#phase.kind === 'signed_in' || this.#phase.kind === 'closing') this.#delivery?.onPong(payload);
  }

  onDrain(): void {
    this.#delivery?.onDrain();
    this.#requests.onDrain();
  }

  onClose({ code, slow }: { readonly code: number; readonly slow: boolean }): void {
    this.#leave();
    this.#requests.replies.end();
    this.#phase = { kind: 'closed' };
    this.#services.telemetry.connectionClosed(code, slow, this.#protocol);
    this.#onClosed(this, this.#user);
  }

  /** Only now the answer to the first frame: what is committed after it comes live, whatever other connections of the user have taken or sent (L14). */
  onLoaded(loaded: LoadedUser): Promise<void> | void {
    if (this.#user === null) return;
    this.#greet(this.#user);
    if (this.#hello === null) return;
    const { name } = this.#hello.proof;
    if (loaded.name !== null && (name === null || name === loaded.name)) this.#welcome(loaded.name);
    else return this.#introduce(this.#user, name);
  }

  onLoadFailed(): void {
    this.#end('internal', 'store_unavailable');
  }

  onAnswered(): void {
    if (this.#leaving && this.answered) this.#closeWith(BYE);
  }

  closeFor(name: CloseName): void {
    this.#closeWith(CLOSE_CODES[name]);
  }

  /** The deadline for the first frame has passed. */
  expireSignIn(): void {
    if (this.awaitingSignIn) this.#end('sign_in_timeout', 'sign_in_timeout');
  }

  /** G10, first step: the other direction goes quiet, so that a last ping can prove what was delivered. Requests go on being answered. */
  beginDrain(): void {
    if (this.#phase.kind !== 'signed_in' || this.#delivery === null || this.#user === null) return;
    // Answers wait behind the greeting; what is pending stays so.
    this.#greet(this.#user);
    this.#delivery.freeze();
    const { watermark } = this.#delivery;
    if (watermark.wantsPing) watermark.ping(this.#connection, this.#services.clock.nowMs());
    if (this.#requests.protocol === 'legacy') return;
    this.#goaway = new Goaway();
    this.#goaway.say(this.#connection, this.#services);
  }

  /** G10, last step for a client that never pauses: takes no more frames; the answers to those it has taken still go out. */
  stopTaking(): void {
    if (this.#phase.kind === 'signed_in') this.#phase = { kind: 'closing' };
  }

  /** Every request that was taken has its answer. */
  get answered(): boolean {
    return this.#requests.replies.waiting === 0;
  }

  /** Every frame that was sent is proven delivered, as far as that is this side's business, and what the client sent before it knew of the drain is here. */
  get proven(): boolean {
    return this.#goaway?.underWay !== true && (this.#delivery?.watermark.settled ?? true);
  }

  goAway(): void {
    this.closeFor('service_restart');
  }

  renew(expiresAtUs: TimeUs): void {
    this.#expiry?.set(expiresAtUs);
  }

  room(): Promise<void> | null {
    return this.#requests.replies.room();
  }

  leave(): void {
    this.stopTaking();
    this.#leaving = true;
  }

  #takeFirst(text: string): void {
    const decoded = decodeHello(text);
    if (decoded.kind === 'not_hello') {
      void this.#signIn(text, null);
      return;
    }
    this.#requests = new SessionRequests(currentWire, this.#connection, this.#services, this);
    if (decoded.kind === 'hello') {
      void this.#signIn(decoded.hello.token ?? String(decoded.hello.user_id), decoded.hello);
    } else {
      const close = decoded.error === 'unsupported_version' ? 'unsupported_version' : 'sign_in_refused';
      this.#end(close, decoded.error, decoded.detail, decoded.ref);
    }
  }

  async #signIn(claim: string, hello: Hello | null): Promise<void> {
    const services = this.#services;
    const result = await signIn(claim, hello === null, services, this.id);
    if (!result.ok) {
      this.#end(result.close, result.error, result.detail, hello?.ref);
      return;
    }
    if (this.#phase.kind !== 'signing_in') return;
    const user = services.hub.localUser(result.user);
    const delivery = new SessionDelivery({
      sessionId: this.id,
      connection: this.#connection,
      user,
      services,
      owner: this,
      resume: hello === null ? null : resumeOf(hello, services.epoch),
    });
    services.hub.addRecipient(user, delivery);
    this.#user = user;
    this.#delivery = delivery;
    if (hello !== null) {
      this.#hello = { frame: hello, proof: result.proof };
      void delivery.start();
      return;
    }
    const early = this.#takeFrames(user, delivery);
    this.#greeting = { done: false, text: null };
    this.#requests.replies.reserve(this.#greeting);
    void delivery.start();
    for (const text of early) this.onText(text);
  }

  /** @returns the frames that came before */
  #takeFrames(user: LocalUser, delivery: SessionDelivery): readonly string[] {
    const early = this.#phase.kind === 'signing_in' ? this.#phase.early.all : [];
    const own = { delivery, session: this, watcher: delivery, typing: null, lookups: null };
    const caller: Caller = { user, sessionId: this.id, ...own };
    this.#phase = { kind: 'signed_in', caller };
    this.#protocol = delivery.protocol;
    this.#services.telemetry.signedIn(delivery.protocol);
    this.#services.log.debug({ userId: user.id, session: this.id, protocol: delivery.protocol }, 'signed in');
    return early;
  }

  #greet(user: LocalUser): void {
    if (this.#greeting === null) return;
    this.#requests.replies.settle(this.#greeting, encodeSignedIn(user.id));
    this.#greeting = null;
  }

  /** The user is new to the store, or has another name now. */
  async #introduce(user: LocalUser, name: string | null): Promise<void> {
    try {
      this.#welcome((await this.#services.signIns.ask({ userId: user.id, name })).name);
    } catch (error) {
      this.#services.log.error({ err: error, session: this.id }, 'sign-in failed');
      this.#end('internal', error instanceof StoreError ? 'store_unavailable' : 'internal');
    }
  }

  #welcome(name: string): void {
    const user = this.#user;
    const delivery = this.#delivery;
    if (this.#phase.kind !== 'signing_in' || this.#hello === null || user === null || delivery === null) return;
    const { frame, proof } = this.#hello;
    this.#hello = null;
    user.name = name;
    const early = this.#takeFrames(user, delivery);
    this.#connection.send(encodeWelcome(frame, user, this.id, proof.expiresAtUs, this.#services));
    if (proof.expiresAtUs !== undefined) this.#watchExpiry(proof.expiresAtUs);
    for (const text of early) this.onText(text);
  }

  #watchExpiry(expiresAtUs: TimeUs): void {
    this.#expiry = new SessionExpiry(this.#connection, this.#services, () => this.closeFor('token_expired'));
    this.#expiry.set(expiresAtUs);
  }

  /** One error frame, then the end. */
  #end(close: CloseName, error: ErrorName, detail?: string, ref?: Ref): void {
    if (this.#phase.kind === 'closed' || this.#phase.kind === 'closing') return;
    this.#connection.send(this.#requests.error(error, detail, ref));
    this.closeFor(close);
  }

  #closeWith({ code, reason }: { readonly code: number; readonly reason: string }): void {
    if (this.#phase.kind === 'closed') return;
    this.#leave();
    this.#phase = { kind: 'closing' };
    this.#connection.close(code, reason);
  }

  /** Ends delivery and the node's interest in the user. Idempotent. */
  #leave(): void {
    this.#expiry?.stop();
    // A token that is still being checked must not start it again.
    this.#expiry = null;
    if (this.#delivery === null) return;
    this.#delivery.close();
    this.#services.presence.drop(this.#delivery);
    this.#services.hub.removeRecipient(this.#delivery.user, this.#delivery);
  }
}
