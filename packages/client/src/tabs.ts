import type { SentPlace } from './api/send-handle.ts';
import type { StoredSend } from './api/storage.ts';
import type { ChatErrorName } from './chat-error.ts';
import type { Environment } from './environment.ts';

/** What tabs with one outbox tell each other. */
export type TabMessage =
  | { readonly t: 'queued'; readonly record: StoredSend }
  | { readonly t: 'sent'; readonly clientId: string; readonly place: SentPlace }
  | { readonly t: 'failed'; readonly clientId: string; readonly code: ChatErrorName; readonly message: string }
  | { readonly t: 'cancel'; readonly clientId: string }
  /** It may be on its way, and cannot be taken back. */
  | { readonly t: 'kept'; readonly clientId: string };

export interface TabsOwner {
  /** From now on this tab sends what is in the shared storage. */
  onLead(): void;
  onMessage(message: TabMessage): void;
}

/**
 * Of the tabs that share one storage, one leads: it holds a Web Lock, and the next in line gets it when the tab is gone, however it went. Without
 * a shared storage or Web Locks every tab leads: the server stores each client id once, and no tab sends a message before the one
 * ahead of it is stored, so sending twice changes nothing.
 */
export class Tabs {
  readonly #name: string;
  readonly #locks: LockManager | null;
  #channel: BroadcastChannel | null;
  readonly #owner: TabsOwner;
  #leads = false;
  #release: (() => void) | null = null;

  constructor(environment: Environment, sharedName: string | undefined, owner: TabsOwner) {
    this.#name = `parley-outbox ${sharedName}`;
    this.#locks = sharedName === undefined ? null : environment.locks;
    this.#channel = this.#locks && environment.channel(this.#name);
    this.#owner = owner;
    if (this.#channel) {
      this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => owner.onMessage(data);
    }
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Gets in line. Idempotent. */
  claim(): void {
    if (this.#release !== null) return;
    if (this.#locks === null) {
      this.#release = () => undefined;
      this.#lead();
      return;
    }
    const waiting = new AbortController();
    this.#release = () => waiting.abort();
    this.#locks
      .request(this.#name, { signal: waiting.signal }, () => {
        if (waiting.signal.aborted) return undefined;
        return new Promise<void>((resolve) => {
          this.#release = resolve;
          this.#lead();
        });
      })
      .catch(() => {
        // Locks are forbidden here; or the place in line was given up.
        if (!waiting.signal.aborted) this.#lead();
      });
  }

  /** Lets another tab lead. Idempotent. */
  yield(): void {
    this.#leads = false;
    this.#release?.();
    this.#release = null;
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.yield();
    this.#channel?.close();
    // What is told to a closed one throws.
    this.#channel = null;
  }

  #lead(): void {
    this.#leads = true;
    this.#owner.onLead();
  }
}
