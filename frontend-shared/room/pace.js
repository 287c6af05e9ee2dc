/** When to draw: with the next frame what comes alone, and some times in a second however much comes. */
import { DRAW_EVERY_MS, HIDDEN_DRAW_MS } from './reading-bounds.js';

/**
 * @typedef {object} Pace
 * @property {() => void} changed draws as soon as it is time
 * @property {() => void} goOn draws with the next frame, as what was drawn is not all yet
 */

/** @type {(draw: () => void) => Pace} */
export function createPace(draw) {
  /** @type {(() => void) | undefined} set while a drawing is due */
  let cancel;
  let isResting = false;
  let isWanted = false;

  function goOn() {
    if (cancel) return;
    const frame = requestAnimationFrame(drawNow);
    const timer = setTimeout(drawNow, HIDDEN_DRAW_MS);
    cancel = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  function drawNow() {
    cancel?.();
    cancel = undefined;
    rest();
    draw();
  }

  function rest() {
    isWanted = false;
    if (isResting) return;
    isResting = true;
    setTimeout(() => {
      isResting = false;
      if (isWanted) goOn();
    }, DRAW_EVERY_MS);
  }

  return {
    goOn,
    changed() {
      isWanted = true;
      if (!isResting) goOn();
    },
  };
}
