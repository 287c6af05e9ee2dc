/** The keys of one who reads: arrows go from message to message, Home and End to the first and to the newest; Escape leaves. */

/**
 * @param {HTMLElement} log
 * @param {HTMLElement} list
 * @param {{ toEnd: () => void, leave: () => void }} acts
 */
export function moveByKeys(log, list, { toEnd, leave }) {
  log.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(target instanceof Element)) return;
    // In a box one writes with these keys.
    if (event.defaultPrevented || target.closest('textarea, input, select')) return;
    if (key === 'Escape') return leave();
    const next = nextOf(key, target.closest('.message'));
    if (next === undefined) return;
    event.preventDefault();
    if (next === 'end') toEnd();
    const element = next === 'end' ? list.lastElementChild : next;
    if (!(element instanceof HTMLElement)) return;
    element.focus({ preventScroll: next === 'end' });
    if (next !== 'end') element.scrollIntoView({ block: 'nearest' });
  });

  /** @type {(key: string, current: Element | null) => Element | null | 'end' | undefined} */
  function nextOf(key, current) {
    switch (key) {
      case 'ArrowUp':
        return current ? current.previousElementSibling : lastInView();
      case 'ArrowDown':
        return current ? current.nextElementSibling : lastInView();
      case 'Home':
        return list.firstElementChild;
      case 'End':
        return 'end';
      default:
        return undefined;
    }
  }

  /** @type {() => Element | null} where one begins who comes from outside */
  function lastInView() {
    const { left, bottom, width } = list.getBoundingClientRect();
    const end = Math.min(bottom, log.getBoundingClientRect().bottom) - 2;
    return document.elementFromPoint(left + width / 2, end)?.closest('.message') ?? list.lastElementChild;
  }
}
