const COMMAND = 'npx parley migrate';

const ADVICE = {
  absent: (have: number | null, want: number) =>
    `The database has no Parley schema (this build needs version ${want}, found ${have ?? 'none'}). Run: ${COMMAND}`,
  older: (have: number | null, want: number) =>
    `The database schema has version ${have}, this build needs ${want}. Run: ${COMMAND}`,
  newer: (have: number | null, want: number) =>
    `The database schema has version ${have}, newer than this build's ${want}; there is no way back. Start the newer build; its \`${COMMAND}\` made this schema.`,
} as const;

/** The database's schema is not this build's; the message says what to run. */
export class SchemaError extends Error {
  readonly state: keyof typeof ADVICE;
  readonly have: number | null;
  readonly want: number;

  constructor(have: number | null, want: number) {
    const state = have === null ? 'absent' : have < want ? 'older' : 'newer';
    super(ADVICE[state](have, want));
    this.name = 'SchemaError';
    this.state = state;
    this.have = have;
    this.want = want;
  }
}
