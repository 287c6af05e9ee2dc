/** Shows the state of the connection, and says it once: a screen reader that counts seconds aloud is switched off. */
import { toWords } from './status-words.js';
/** @import { LinkState } from './link.js' */

/** Milliseconds. Looking whether all is well usually takes less, and is not worth a word. */
const CONNECTING_SHOWS_AFTER_MS = 400;

/**
 * @param {HTMLElement} root with an element for each of the words, named by `data-words`
 * @param {{ queued: () => number, isOnline: () => boolean }} around
 * @returns {{ show: (state: LinkState) => void, redraw: () => void }} `redraw`: what is around has changed
 */
export function createConnectionStatus(root, around) {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = root.querySelectorAll('[data-words]');
  /** @type {LinkState} */
  let state = { name: 'connecting' };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function redraw() {
    clearTimeout(timer);
    const nowMs = Date.now();
    const words = toWords(state, { queued: around.queued(), isOnline: around.isOnline(), nowMs });
    root.dataset.mood = words.mood;
    for (const part of parts) {
      const text = words[/** @type {Exclude<keyof typeof words, 'mood'>} */ (part.dataset.words)];
      // Writing the same text again would have it read out again.
      if (part.textContent !== text) part.textContent = text;
    }
    if (state.name !== 'waiting' || state.until <= nowMs) return;
    timer = setTimeout(redraw, ((state.until - nowMs) % 1000) + 1);
  }

  return {
    show(next) {
      state = next;
      if (next.name !== 'connecting') return redraw();
      clearTimeout(timer);
      timer = setTimeout(redraw, CONNECTING_SHOWS_AFTER_MS);
    },
    redraw() {
      if (state.name !== 'connecting') redraw();
    },
  };
}
