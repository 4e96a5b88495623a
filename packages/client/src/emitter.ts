import { Listeners } from './listeners.ts';

/** Typed events. A listener that throws stops nothing: its error goes to `onThrow`, with the name of the event. */
export class Emitter<Events extends { [Name in keyof Events]: unknown[] }> {
  #listeners: { [Name in keyof Events]?: Listeners<Events[Name]> } = {};
  readonly #onThrow: (error: unknown, name: keyof Events) => void;

  constructor(onThrow: (error: unknown, name: keyof Events) => void) {
    this.#onThrow = onThrow;
  }

  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    this.#listeners[name] ??= new Listeners();
    return this.#listeners[name].add(listener);
  }

  /** False, or nothing: nobody listens. */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): boolean | undefined {
    return this.#listeners[name]?.call((error) => this.#onThrow(error, name), ...args);
  }

  clear(): void {
    this.#listeners = {};
  }
}
