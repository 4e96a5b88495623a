/** A failure that is the user's to fix: shown as two lines, without a stack. */
export class CliError extends Error {
  /** What to do. */
  readonly hint: string;
  /** 1: it did not work; 2: the command line is wrong. */
  readonly exitCode: 1 | 2;

  constructor(message: string, hint: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'CliError';
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

export const usageError = (message: string, hint: string): CliError => new CliError(message, hint, 2);
