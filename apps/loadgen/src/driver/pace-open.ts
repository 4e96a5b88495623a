import { nowUs } from './measure.ts';

/**
 * Calls `event` `rate` times a second at times fixed beforehand, with the time that was meant: what the event loop was late for is made up at
 * once. Returns the function that stops it.
 */
export function paceOpen(rate: number, event: (intendedUs: number) => void): () => void {
  const stepUs = 1e6 / rate;
  const startUs = nowUs();
  let count = 0;
  const tick = (): void => {
    const now = nowUs();
    for (let dueUs = startUs + count * stepUs; dueUs <= now; dueUs = startUs + count * stepUs) {
      count++;
      event(Math.floor(dueUs));
    }
  };
  const timer = setInterval(tick, 1);
  return () => clearInterval(timer);
}
