import { clearInterval, setInterval } from 'k6/timers';

const TICK_MS = 2;

/**
 * An open model: `rate` events per second at times that were fixed beforehand, whatever the system under test does. What a tick finds
 * due is done at once, each with the time at which it was meant to happen.
 */
export function pace(options: {
  readonly ratePerSecond: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly event: (intendedMs: number) => void;
}): Promise<void> {
  const { ratePerSecond, startMs, durationMs, event } = options;
  const stepMs = 1_000 / ratePerSecond;
  const endMs = startMs + durationMs;
  let next = startMs;
  let count = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = Date.now();
      while (next <= now && next < endMs) {
        event(next);
        count++;
        next = startMs + count * stepMs;
      }
      if (next >= endMs) {
        clearInterval(timer);
        resolve();
      }
    }, TICK_MS);
  });
}
