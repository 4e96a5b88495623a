import { clearTimeout, setTimeout } from 'k6/timers';

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(), ms);
  });

/** Looks every 20 ms; resolves to whether the condition came true in time. */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() >= end) return false;
    await pause(20);
  }
  return true;
}

/** Whether the promise resolves in time. Leaves no timer behind: an open one would keep the virtual user from ending. */
export function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    }, reject);
  });
}
