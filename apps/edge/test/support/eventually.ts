const POLL_MS = 20;

/** For tests on loaded machines: what has not happened by then never will. */
export const PATIENCE_MS = 60_000;

/**
 * Waits for a condition, never for time. A condition that rejects (a server that is away) counts as not met yet.
 * @param status shown when the patience is over
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { patienceMs = PATIENCE_MS, status = (): string => '' } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let lastError: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      const shown = status();
      throw new Error(`waited ${patienceMs} ms for ${what}${shown === '' ? '' : `; ${shown}`}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
