/** What happens to the page itself: hidden and shown, without network and with it, asleep and awake. */

/** Milliseconds between two looks at the clock. */
const LOOK_EVERY_MS = 5_000;
/** Milliseconds that a look may be late; a hidden tab's timers come once a minute, and that is no sleep. */
const ASLEEP_AFTER_MS = 75_000;

/**
 * @typedef {'shown' | 'hidden' | 'online' | 'offline' | 'woken'} PageEvent
 *   Woken: the machine slept, or the page was put aside; what was open may be dead without having said so.
 */
/**
 * @typedef {object} PageLife
 * @property {() => boolean} isHidden
 * @property {() => boolean} isOnline false only when the machine has no network at all; true promises nothing
 * @property {(react: (event: PageEvent) => void) => () => void} listen returns what ends it
 */

/** @returns {PageLife} */
export function watchPage() {
  /** @type {Set<(event: PageEvent) => void>} */
  const listeners = new Set();
  /** @type {(event: PageEvent) => void} */
  const tell = (event) => listeners.forEach((react) => react(event));

  document.addEventListener('visibilitychange', () => tell(document.hidden ? 'hidden' : 'shown'));
  for (const event of /** @type {const} */ (['online', 'offline'])) addEventListener(event, () => tell(event));
  addEventListener('pageshow', ({ persisted }) => persisted && tell('woken'));
  watchClock(() => tell('woken'));

  return {
    isHidden: () => document.hidden,
    isOnline: () => navigator.onLine,
    listen(react) {
      listeners.add(react);
      return () => listeners.delete(react);
    },
  };
}

/** @type {(onSlept: () => void) => void} */
function watchClock(onSlept) {
  let looked = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - looked > ASLEEP_AFTER_MS) onSlept();
    looked = now;
  }, LOOK_EVERY_MS);
}
