/**
 * Leaves room for an on-screen keyboard where it lies over the page instead of making the page smaller, as on iOS: there
 * the box one writes in would be behind it, or the browser would push the page up and the bar out of view.
 */

/** Pixels. Less is a bar of the browser that comes and goes, and not a keyboard. */
const LEAST_KEYBOARD = 120;

/**
 * @param {Pick<VisualViewport, 'height' | 'scale' | 'addEventListener'> | null} viewport what is in view of the page
 * @param {() => number} pageHeight pixels
 * @param {(height: number | undefined) => void} onHeight that the page should have; undefined for all of it
 */
export function makeRoomForKeyboard(viewport, pageHeight, onHeight) {
  /** @type {number | undefined} */
  let before;
  viewport?.addEventListener('resize', () => {
    // Who has zoomed in sees less too, and wants to.
    const isCovered = viewport.scale === 1 && pageHeight() - viewport.height > LEAST_KEYBOARD;
    const height = isCovered ? Math.floor(viewport.height) : undefined;
    if (height !== before) onHeight(height);
    before = height;
  });
}

/** @type {(body: HTMLElement) => (height: number | undefined) => void} */
export const setPageHeight = (body) => (height) => {
  if (height === undefined) body.style.removeProperty('block-size');
  else body.style.setProperty('block-size', `${height}px`);
  scrollTo(0, 0);
};
