/** Shows the state of the connection, and says it once: a screen reader that counts seconds aloud is switched off. */
import { toWords } from './status-words.js';
/** @import { LinkState } from './link.js' */

/** Milliseconds. Looking whether all is well usually takes less, and is not worth a word. */
const BUSY_SHOWS_AFTER_MS = { connecting: 400, 'catching-up': 150 };

/**
 * @param {HTMLElement} root with an element for each of the words, named by `data-words`
 * @param {{ queued: () => number, isOnline: () => boolean }} around
 * @returns {{ show: (state: LinkState, tabs: number) => void, redraw: () => void }} `redraw`: what is around has changed
 */
export function createConnectionStatus(root, around) {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = root.querySelectorAll('[data-words]');
  /** @type {LinkState} */
  let state = { name: 'connecting' };
  let tabs = 1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function redraw() {
    clearTimeout(timer);
    timer = undefined;
    const nowMs = Date.now();
    const words = toWords(state, { queued: around.queued(), isOnline: around.isOnline(), tabs, nowMs });
    root.dataset.mood = words.mood;
    for (const part of parts) {
      const text = words[/** @type {Exclude<keyof typeof words, 'mood'>} */ (part.dataset.words)];
      // Writing the same text again would have it read out again.
      if (part.textContent !== text) part.textContent = text;
    }
    if (state.name !== 'waiting' || state.until <= nowMs) return;
    timer = setTimeout(redraw, ((state.until - nowMs) % 1000) + 1);
  }

  const isSilent = () => state.name === 'connecting' || state.name === 'catching-up';

  return {
    show(next, sharing) {
      const wasSilent = timer !== undefined && state.name === next.name;
      state = next;
      tabs = sharing;
      if (next.name !== 'connecting' && next.name !== 'catching-up') return redraw();
      if (wasSilent) return; // it is counted from the first time
      clearTimeout(timer);
      timer = setTimeout(redraw, BUSY_SHOWS_AFTER_MS[next.name]);
    },
    redraw() {
      if (!isSilent()) redraw();
    },
  };
}
