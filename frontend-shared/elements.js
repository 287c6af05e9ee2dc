/** The elements of the page that the program works with. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 * @throws {Error} where page and program do not belong together
 */
export function find(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} "${id}"`);
  return element;
}

/**
 * Scrolls just as far as needed. Not by `scrollIntoView`: where that is called, some browsers have the next Tab go on from
 * there, though the focus is elsewhere.
 * @type {(element: Element, scroller: Element) => void}
 */
export function bringIntoView(element, scroller) {
  const { top, bottom } = element.getBoundingClientRect();
  const view = scroller.getBoundingClientRect();
  const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(scroller);
  const above = view.top + toPixels(scrollPaddingTop) - top;
  const below = bottom - view.bottom + toPixels(scrollPaddingBottom);
  if (above > 0) scroller.scrollTop -= above;
  else if (below > 0) scroller.scrollTop += below;
}

/** @type {(length: string) => number} as it was computed: `auto` is none */
const toPixels = (length) => Number.parseFloat(length) || 0;
