/** How much more fits into a box: shown when it gets near the limit, and said once at each step towards it. */
import { words } from '../words.js';

/** Code points, as the server counts them. */
export const MAX_MESSAGE = 4_000;
/** Code points that are left when it is first shown: the last tenth. */
const SHOWN_FROM = MAX_MESSAGE / 10;
/** Code points left at which it is said; below nothing is too many. */
const SAID_AT = [SHOWN_FROM, 100, 20, -1];

/** @type {(text: string) => number} code points: an emoji of two units is one */
export function lengthOf(text) {
  let length = 0;
  // Counted, not gathered: somebody may paste a whole book.
  for (const _ of text) length += 1;
  return length;
}

/** @type {(text: string) => number} may be negative; what surrounds the text is not sent */
export const leftOf = (text) => MAX_MESSAGE - lengthOf(text.trim());

/** @type {(before: number, left: number) => boolean} whether there is something to be said, as less is left than before */
export const isStep = (before, left) => SAID_AT.some((step) => left <= step && before > step);

/**
 * @param {object} parts
 * @param {HTMLTextAreaElement} parts.box
 * @param {HTMLElement} parts.meter for the eyes
 * @param {(said: string) => void} parts.announce
 * @returns {{ redraw: () => void }} to be called where the text has changed without having been typed
 */
export function createLengthMeter({ box, meter, announce }) {
  let before = MAX_MESSAGE;

  function redraw() {
    const left = leftOf(box.value);
    meter.textContent = left <= SHOWN_FROM ? words.sending.number(left) : '';
    meter.classList.toggle('is-over', left < 0);
    if (isStep(before, left)) announce(left < 0 ? words.sending.over(-left) : words.sending.left(left));
    before = left;
  }

  box.addEventListener('input', redraw);
  return { redraw };
}
