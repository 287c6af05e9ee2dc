/**
 * Keeps the view where its person has it: at the end while they are at the end, and otherwise on the message they read,
 * whatever is drawn, unfolded or grows above or below. Browsers do part of this, each another part; so theirs is switched
 * off in the style.
 */

/** Pixels from the end that still count as the end: zoomed pages have fractions, and fingers are not exact. */
const END_PX = 24;

/**
 * @typedef {object} Place
 * @property {Element} element the first that is in view
 * @property {number} top pixels from the top of the view to it
 */
/**
 * @typedef {object} ScrollKeeper
 * @property {(draw: () => void) => void} around draws, and leaves the view where it was
 * @property {() => boolean} isAtEnd
 * @property {() => void} toEnd
 * @property {() => void} leaveEnd the view is about to be moved elsewhere
 * @property {() => Place | undefined} place undefined where nothing is shown
 * @property {(place: Place) => void} goTo
 */

/**
 * @param {HTMLElement} scroller
 * @param {HTMLElement} list its children are what is read
 * @param {() => boolean} hasEnd false while what comes last is not shown
 * @returns {ScrollKeeper}
 */
export function keepScroll(scroller, list, hasEnd) {
  let atEnd = true;
  let lastTop = 0;
  /** Where the view was when it last moved or was drawn; nothing at the end. @type {Place | undefined} */
  let kept;

  function toEnd() {
    atEnd = true;
    kept = undefined;
    scroller.scrollTop = scroller.scrollHeight;
  }

  function onScroll() {
    // Only who scrolls up leaves the end. The event comes a frame late, and by then the end may have moved away by itself.
    if (hasEnd() && distanceToEnd(scroller) <= END_PX) atEnd = true;
    else if (scroller.scrollTop < lastTop - 1) atEnd = false;
    lastTop = scroller.scrollTop;
    kept = atEnd ? undefined : place();
  }
  scroller.addEventListener('scroll', onScroll, { passive: true });

  function restore() {
    if (atEnd) toEnd();
    else if (kept?.element.isConnected) scroller.scrollTop += topOf(kept.element) - kept.top;
    lastTop = scroller.scrollTop;
  }

  // A growing message box, a turned phone, a keyboard on the screen: all of them only move the edge. A text that is
  // unfolded, or wraps anew in a narrower window, moves what stands below it.
  const observer = new ResizeObserver(restore);
  observer.observe(scroller);
  observer.observe(list);

  /** @type {(element: Element) => number} */
  const topOf = (element) => element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;

  function place() {
    const element = firstVisible(list, scroller.getBoundingClientRect().top);
    return element && { element, top: topOf(element) };
  }

  return {
    isAtEnd: () => atEnd,
    toEnd,
    leaveEnd() {
      atEnd = false;
      kept = undefined;
    },
    place,
    goTo({ element, top }) {
      atEnd = false;
      scroller.scrollTop += topOf(element) - top;
      lastTop = scroller.scrollTop;
      kept = { element, top: topOf(element) };
    },
    around(draw) {
      // As it is now, not as it was told last: the event of a scroll comes a frame later.
      kept = atEnd ? undefined : place();
      draw();
      restore();
    },
  };
}

/** @type {(scroller: HTMLElement) => number} */
const distanceToEnd = ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight;

/** @type {(list: HTMLElement, top: number) => Element | undefined} by halving, as there may be a thousand */
function firstVisible({ children }, top) {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((children[middle]?.getBoundingClientRect().bottom ?? 0) > top) high = middle;
    else low = middle + 1;
  }
  return children[low];
}
