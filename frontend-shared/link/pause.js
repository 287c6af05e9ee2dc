/** Waiting that can be cut short. */

/**
 * Resolves, and never rejects: whoever cut it short knows why.
 * @type {(ms: number, signal: AbortSignal) => Promise<void>}
 */
export const pause = (ms, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
