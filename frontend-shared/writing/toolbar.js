/** One stop of Tab for several buttons, and arrow keys between them. */

/** @type {(toolbar: HTMLElement) => void} */
export function roveThrough(toolbar) {
  const buttons = () => [...toolbar.querySelectorAll('button')].filter(({ hidden, disabled }) => !hidden && !disabled);

  /** @type {(current: HTMLElement | undefined) => void} */
  function stopAt(current) {
    for (const button of buttons()) button.tabIndex = button === current ? 0 : -1;
  }

  toolbar.addEventListener('keydown', (event) => {
    const all = buttons();
    const at = all.findIndex((button) => button === document.activeElement);
    const forward = getComputedStyle(toolbar).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const backward = forward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
    const to = { [forward]: (at + 1) % all.length, [backward]: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    all.at(to)?.focus();
  });
  toolbar.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement) stopAt(target);
  });
  stopAt(buttons()[0]);
}
