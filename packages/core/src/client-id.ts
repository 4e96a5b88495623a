/**
 * Client ids for sends that came without one (legacy): `~<boot>.<session>.<n>`, unique for ever because `boot` is random per process. They grow, so the
 * unique index stays local, and they name the session, so that a message read back from the store is not echoed to the connection that sent it.
 */
export class ClientIdMaker {
  readonly #prefix: string;
  #count = 0;

  /** @param boot 8 or more random characters of [A-Za-z0-9_-] */
  constructor(boot: string) {
    this.#prefix = `~${boot}.`;
  }

  make(sessionId: number): string {
    return `${this.#prefix}${sessionId.toString(36)}.${(++this.#count).toString(36)}`;
  }

  /** The session of this process that a client id was made for; 0 when it was not made here. */
  sessionOf(clientId: string): number {
    if (!clientId.startsWith(this.#prefix)) return 0;
    const end = clientId.indexOf('.', this.#prefix.length);
    return end < 0 ? 0 : Number.parseInt(clientId.slice(this.#prefix.length, end), 36) || 0;
  }
}
