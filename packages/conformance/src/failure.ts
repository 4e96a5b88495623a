/** The server did not do what a rule says. */
export class ConformanceFailure extends Error {
  /** What the rule says, and what came instead. */
  constructor(message: string) {
    super(message);
    this.name = 'ConformanceFailure';
  }
}

/** The rule cannot be played against this server as the suite was called, for example for want of tokens. */
export class NotPlayable extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'NotPlayable';
  }
}
