import type { FakeConnection } from './fake-connection.ts';

/** A server frame as a test looks at it. */
export type Told = Readonly<Record<string, unknown>> & { readonly type?: string };

/** Where a client connects: a `LoneNode`, or a node of a cluster with a `settle` that lets its network run. */
export interface PeerHost {
  connect(): FakeConnection;
  readonly clock: { settle(): Promise<void> };
}

/** A client of the current protocol: asks with a `ref`, and keeps what it is told. */
export class CurrentPeer {
  readonly connection: FakeConnection;
  readonly userId: number;
  readonly #host: PeerHost;
  #refs = 0;

  private constructor(host: PeerHost, userId: number) {
    this.#host = host;
    this.userId = userId;
    this.connection = host.connect();
  }

  static async signIn(host: PeerHost, userId: number, hello: object = {}): Promise<CurrentPeer> {
    const peer = new CurrentPeer(host, userId);
    peer.connection.say({ type: 'hello', v: 2, user_id: userId, ...hello });
    await host.clock.settle();
    if (peer.told('welcome').length !== 1) throw new Error(`no welcome: ${peer.connection.frames.join(' ')}`);
    return peer;
  }

  /** All frames so far, or those of these types. */
  told(...types: string[]): Told[] {
    const frames = this.connection.frames.map((frame) => JSON.parse(frame) as Told);
    return types.length === 0 ? frames : frames.filter((frame) => types.includes(String(frame.type)));
  }

  /** Sends a request. @returns its ref */
  say(frame: object): number {
    this.#refs += 1;
    this.connection.say({ ...frame, ref: this.#refs });
    return this.#refs;
  }

  /** The one answer to a request, without its ref. */
  answer(ref: number): Told {
    const answers = this.told().filter((frame) => frame.ref === ref);
    const [answer] = answers;
    if (answer === undefined || answers.length !== 1) throw new Error(`${answers.length} answers to request ${ref}`);
    const { ref: _, ...rest } = answer;
    return rest;
  }

  /** Sends a request and waits for what needs no time. */
  async ask(frame: object): Promise<Told> {
    const ref = this.say(frame);
    await this.#host.clock.settle();
    return this.answer(ref);
  }
}
