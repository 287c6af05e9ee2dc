/**
 * Keeps the view where its person has it: at the end while they are at the end, and otherwise on the message they read,
 * whatever is drawn above or below. Browsers do part of this, each another part; so theirs is switched off in the style.
 */

/** Pixels from the end that still count as the end: zoomed pages have fractions, and fingers are not exact. */
const END_PX = 24;

/**
 * @param {HTMLElement} scroller
 * @param {HTMLElement} list its children are what is read
 * @returns {{ around: (draw: () => void) => void, isAtEnd: () => boolean, toEnd: () => void, leaveEnd: () => void }}
 *   `leaveEnd`: the view is about to be moved elsewhere
 */
export function keepScroll(scroller, list) {
  let atEnd = true;
  let lastTop = 0;
  const toEnd = () => {
    atEnd = true;
    scroller.scrollTop = scroller.scrollHeight;
  };

  function onScroll() {
    // Only who scrolls up leaves the end. The event comes a frame late, and by then the end may have moved away by itself.
    if (distanceToEnd(scroller) <= END_PX) atEnd = true;
    else if (scroller.scrollTop < lastTop - 1) atEnd = false;
    lastTop = scroller.scrollTop;
  }
  scroller.addEventListener('scroll', onScroll, { passive: true });

  // A growing message box, a turned phone or a keyboard on the screen: all of them only move the edge.
  const observer = new ResizeObserver(() => atEnd && toEnd());
  observer.observe(scroller);
  observer.observe(list);

  return {
    isAtEnd: () => atEnd,
    toEnd,
    leaveEnd: () => void (atEnd = false),
    around(draw) {
      const anchor = atEnd ? undefined : firstVisible(list, scroller.getBoundingClientRect().top);
      const before = anchor?.getBoundingClientRect().top ?? 0;
      draw();
      if (atEnd) toEnd();
      else if (anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
    },
  };
}

/** @type {(scroller: HTMLElement) => number} */
const distanceToEnd = ({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight;

/** @type {(list: HTMLElement, top: number) => Element | undefined} by halving, as there may be thousands */
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
