/** What k6 gives every script; @types/k6 leaves it to the DOM's types, which promise much that k6 has not. */
declare const console: {
  log(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
};
