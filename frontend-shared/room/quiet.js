/** What is said aloud of the list, and what is not. */
import { QUIET_MS } from './reading-bounds.js';

/**
 * What is put in above is old, and not to be read out as if it had just been said.
 * @type {(log: HTMLElement, isBusy: () => boolean) => () => void} to be called when something is about to be put in there
 */
export function createQuiet(log, isBusy) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    log.ariaBusy = 'true';
    timer = setTimeout(() => void (log.ariaBusy = String(isBusy())), QUIET_MS);
  };
}
