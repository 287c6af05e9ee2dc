/**
 * How long to wait after a failure: exponential with full jitter, so that thousands who lost the same server do not come
 * back in the same moment.
 */

/** Milliseconds: a restart takes about that long, so the first attempts are quick. */
const BASE_MS = 500;
/** Milliseconds: nobody should look at a page for longer than this after the server is back. */
export const WATCHED_CAP_MS = 10_000;
/** Milliseconds, where nobody looks. */
export const UNWATCHED_CAP_MS = 30_000;

/**
 * @typedef {object} Backoff
 * @property {(capMs: number, retryAfterMs?: number) => number} afterFailure how long to wait now, in milliseconds
 * @property {() => void} reset after a success
 */

/**
 * @param {number} failures in a row, at least 1
 * @param {object} bounds
 * @param {number} bounds.capMs
 * @param {number} [bounds.retryAfterMs] what the server asked for: never less than this, and a little more
 * @param {() => number} random 0 to 1
 */
export function delayMs(failures, { capMs, retryAfterMs = 0 }, random) {
  // 2 ** 30 half seconds is far above any cap; more would end as Infinity, and Infinity times 0 as no number.
  const ceiling = Math.min(capMs, BASE_MS * 2 ** Math.min(failures - 1, 30));
  return retryAfterMs === 0 ? ceiling * random() : retryAfterMs + Math.min(ceiling, retryAfterMs / 4) * random();
}

/** @type {(random?: () => number) => Backoff} */
export function createBackoff(random = Math.random) {
  let failures = 0;
  return {
    afterFailure(capMs, retryAfterMs) {
      failures += 1;
      return delayMs(failures, retryAfterMs === undefined ? { capMs } : { capMs, retryAfterMs }, random);
    },
    reset() {
      failures = 0;
    },
  };
}
