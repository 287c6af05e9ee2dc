/** Time as a parameter, so that a test moves it by hand. */

export interface Clock {
  /** Milliseconds since 1970, as the clock on the wall has them: it may be set, forward and back. */
  now(): number;
  /** Milliseconds that have passed since some moment, whatever is done to the clock on the wall. */
  elapsed(): number;
  /**
   * Call `ring` once, `delayMs` from now. It does not keep the process alive.
   * @returns what cancels it
   */
  after(delayMs: number, ring: () => void): () => void;
}

/** Longer delays wrap around in `setTimeout`, so they are slept in parts. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, ring) {
    const step = Math.min(Math.max(delayMs, 0), LONGEST_TIMEOUT_MS);
    let cancelNext: (() => void) | undefined;
    const timer = setTimeout(() => {
      if (delayMs > step) cancelNext = systemClock.after(delayMs - step, ring);
      else ring();
    }, step);
    timer.unref();
    return () => {
      clearTimeout(timer);
      cancelNext?.();
    };
  },
};
