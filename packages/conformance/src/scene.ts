import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CurrentPeer } from './current-peer.ts';
import { ConformanceFailure, NotPlayable } from './failure.ts';
import { checkCurrentFrame } from './frame-check.ts';
import { checkLegacyFrame } from './legacy-check.ts';
import { LegacyPeer } from './legacy-peer.ts';
import type { PeerOptions } from './peer.ts';
import type { Transcript } from './transcript.ts';
import { welcomeOf } from './welcome.ts';

export interface TokenTerms {
  /** From now on; negative: it has expired already. Default one hour. */
  readonly expiresInS?: number;
}

/** How clients prove who they are. */
export type SignIn =
  | { readonly kind: 'user_ids' }
  | { readonly kind: 'tokens'; readonly mint: (userId: number, terms: { readonly expiresInS: number }) => string };

/** A node that belongs to one rule, which may stop it. */
export interface OwnNode {
  readonly url: string;
  /** Drains it, as SIGTERM does. */
  stop(): Promise<unknown>;
}

export interface SceneOptions {
  readonly urls: readonly string[];
  readonly signIn: SignIn;
  readonly startNode: (() => Promise<OwnNode>) | null;
  readonly patienceMs: number;
  readonly transcript: Transcript;
}

export interface ConnectOptions {
  /** Index of the node; default: another one for each user, and for each connection of a user. */
  readonly node?: number;
  readonly url?: string;
  readonly device?: string;
  readonly cursors?: 'server' | Readonly<Record<string, number>>;
  readonly expiresInS?: number;
  /** Further fields of the `hello`, or others instead. */
  readonly hello?: object;
}

const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
const HOUR_S = 3_600;
/** Between two questions about something that the server does in its own time. */
const POLL_MS = 20;
/** User ids of a run start anywhere in here, so that runs do not meet. */
const FIRST_USER = 2 ** 40;
const USER_SPACE = 2 ** 47;
let nextUser = FIRST_USER + randomInt(USER_SPACE);

/** Of a user that nobody else knows. */
export const nextUserId = (): number => nextUser++;

/** The world of one rule: users and conversations that nobody else knows, and the connections it opened. */
export class Scene {
  readonly transcript: Transcript;
  readonly #options: SceneOptions;
  readonly #peers: (CurrentPeer | LegacyPeer)[] = [];
  readonly #ordinals = new Map<number, number>();
  readonly #connections = new Map<number, number>();
  readonly #stops: (() => Promise<unknown>)[] = [];

  constructor(options: SceneOptions) {
    this.#options = options;
    this.transcript = options.transcript;
  }

  /** How many addresses the suite was given; the n-th connection goes to any of them. */
  get nodes(): number {
    return this.#options.urls.length;
  }

  get signIn(): SignIn['kind'] {
    return this.#options.signIn.kind;
  }

  /** Ids nobody has used, known to the server if it must know them beforehand. */
  async users<const Count extends 1 | 2 | 3 | 4 | 5 | 6>(count: Count): Promise<UserIds[Count]> {
    const ids = await this.crowd(count);
    for (const id of ids) this.#ordinals.set(id, this.#ordinals.size);
    return ids as unknown as UserIds[Count];
  }

  /** As `users`, any number and without names of their own. */
  async crowd(count: number): Promise<readonly number[]> {
    const ids = Array.from({ length: count }, nextUserId);
    // Development sign-in makes users of all who are named; others must have signed in once.
    if (this.#options.signIn.kind === 'tokens') await Promise.all(ids.map((id) => this.#introduce(id)));
    return ids;
  }

  /** A fresh id that the server has never heard of. */
  stranger(): number {
    return nextUserId();
  }

  /** Not signed in yet. */
  async open(name = 'alice', options: { readonly node?: number; readonly url?: string } = {}): Promise<CurrentPeer> {
    const url = options.url ?? this.#url(options.node ?? 0);
    return await this.#track(new CurrentPeer({ ...this.#peerOptions(url, name), check: checkCurrentFrame })).opened();
  }

  /** Up to its `welcome`, which is the first frame; what it missed follows. */
  async greet(user: number, options: ConnectOptions = {}): Promise<CurrentPeer> {
    const { name, url } = this.#place(user, options);
    const peer = await this.open(name, { url });
    peer.send(this.helloOf(user, options));
    peer.welcomed(await peer.expectNext(welcomeOf(user)));
    return peer;
  }

  /** Up to its `sync_complete`, with nothing before it: for users who have missed nothing. */
  async connect(user: number, options: ConnectOptions = {}): Promise<CurrentPeer> {
    const peer = await this.greet(user, options);
    await peer.synced();
    return peer;
  }

  connectAll(users: readonly number[]): Promise<CurrentPeer[]> {
    return Promise.all(users.map((user) => this.connect(user)));
  }

  /** The legacy sign-in, up to its answer. */
  async legacy(user: number, options: Pick<ConnectOptions, 'node' | 'url'> = {}): Promise<LegacyPeer> {
    const { name, url } = this.#place(user, options);
    const peer = new LegacyPeer({ ...this.#peerOptions(url, `${name} (legacy)`), check: checkLegacyFrame });
    await this.#track(peer).opened();
    peer.sendText(this.#options.signIn.kind === 'tokens' ? this.token(user) : String(user));
    await peer.expectText(`user id ${user} received`);
    return peer;
  }

  helloOf(user: number, { device, cursors, expiresInS, hello }: ConnectOptions = {}): object {
    const who =
      this.signIn === 'tokens' ? { token: this.token(user, { expiresInS: expiresInS ?? HOUR_S }) } : { user_id: user };
    return {
      type: 'hello',
      v: 2,
      ...who,
      // Statuses after the sync only where a rule asks for them.
      status_of: [],
      ...(device === undefined ? {} : { device }),
      ...(cursors === undefined ? {} : { cursors }),
      ...hello,
    };
  }

  /** @throws NotPlayable when the suite was given no way to mint one */
  token(user: number, { expiresInS = HOUR_S }: TokenTerms = {}): string {
    const { signIn } = this.#options;
    if (signIn.kind !== 'tokens') throw new NotPlayable('needs a way to make tokens');
    return signIn.mint(user, { expiresInS });
  }

  /** @throws NotPlayable when the suite cannot start nodes */
  async ownNode(): Promise<OwnNode> {
    if (this.#options.startNode === null) throw new NotPlayable('needs a node that may be stopped');
    const node = await this.#options.startNode();
    this.#stops.push(() => node.stop());
    return node;
  }

  /** For a rule that finds out on the way that it cannot be played here. */
  notPlayable(why: string): NotPlayable {
    return new NotPlayable(why);
  }

  /** For the reader of the transcript: what the next steps are about. */
  note(what: string): void {
    this.transcript.add('', 'note', what);
  }

  /** Asks again and again until the answer is yes. */
  async eventually(what: string, met: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + this.#options.patienceMs;
    while (!(await met())) {
      if (performance.now() > endMs) {
        throw new ConformanceFailure(`expected ${what} within ${this.#options.patienceMs / 1000} s`);
      }
      await setTimeout(POLL_MS);
    }
  }

  /** Nothing is left over on any connection that is open, after a last question to each. */
  async quiet(): Promise<void> {
    const open = this.#peers.filter((peer) => peer.open);
    await Promise.all(open.map((peer) => (peer.signedIn ? peer.fence() : undefined)));
    for (const peer of this.#peers) peer.expectNothing();
  }

  async end(): Promise<void> {
    for (const peer of this.#peers) peer.drop();
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  #track<P extends CurrentPeer | LegacyPeer>(peer: P): P {
    this.#peers.push(peer);
    return peer;
  }

  #peerOptions(url: string, name: string): Omit<PeerOptions, 'check'> {
    const { transcript, patienceMs } = this.#options;
    return { url, name, transcript, patienceMs };
  }

  #url(node: number): string {
    const { urls } = this.#options;
    return urls[node % urls.length] as string;
  }

  #place(
    user: number,
    { node, url }: Pick<ConnectOptions, 'node' | 'url'>,
  ): { readonly name: string; readonly url: string } {
    const ordinal = this.#ordinals.get(user) ?? this.#ordinals.size;
    const connection = (this.#connections.get(user) ?? 0) + 1;
    this.#connections.set(user, connection);
    const name = NAMES[ordinal] ?? `user ${user}`;
    return {
      name: connection === 1 ? name : `${name}/${connection}`,
      url: url ?? this.#url(node ?? ordinal + connection - 1),
    };
  }

  async #introduce(user: number): Promise<void> {
    const peer = await this.open(`user ${user}`);
    peer.send(this.helloOf(user));
    await peer.expectNext(welcomeOf(user));
    peer.send({ type: 'bye' });
    peer.ignore('sync_complete', 'ok');
    await peer.expectClose('normal');
  }
}

interface UserIds {
  readonly 1: readonly [number];
  readonly 2: readonly [number, number];
  readonly 3: readonly [number, number, number];
  readonly 4: readonly [number, number, number, number];
  readonly 5: readonly [number, number, number, number, number];
  readonly 6: readonly [number, number, number, number, number, number];
}
