/** When to draw: with the next frame what comes alone, and some times in a second however much comes. */
import { DRAW_EVERY_MS, HELD_MS, HIDDEN_DRAW_MS } from './reading-bounds.js';

/**
 * @typedef {object} Pace
 * @property {() => void} changed draws as soon as it is time
 * @property {() => void} goOn draws with the next frame: what was drawn is not all yet, or somebody waits for it
 * @property {() => void} hold nothing is drawn until it is let go, as more is about to come
 * @property {() => void} letGo draws with the next frame, however lately it was done
 */

/** @type {(draw: () => void) => Pace} */
export function createPace(draw) {
  /** @type {(() => void) | undefined} set while a drawing is due */
  let cancel;
  let isResting = false;
  let isWanted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let held;

  function goOn() {
    if (cancel || held !== undefined) return;
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

  function letGo() {
    clearTimeout(held);
    held = undefined;
    goOn();
  }

  return {
    goOn,
    changed() {
      isWanted = true;
      if (!isResting) goOn();
    },
    hold() {
      cancel?.();
      cancel = undefined;
      clearTimeout(held);
      held = setTimeout(letGo, HELD_MS);
    },
    letGo,
  };
}
