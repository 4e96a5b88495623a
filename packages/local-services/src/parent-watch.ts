const PERIOD_MS = 500;

/**
 * Calls `listener` once when the process that started us is gone, and returns what ends the watch. For commands run by
 * npm: a signal to npm ends npm and its shell, but does not always come through to the command that they run.
 */
export function onParentGone(listener: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    listener();
  }, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}
