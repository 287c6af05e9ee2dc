/** Rooms and search beside the conversation; in a narrow window they lie over it, and are folded away until asked for. */

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} drawer
 * @returns {{ open: () => void, close: () => void }}
 */
export function createDrawer(button, drawer) {
  /** @type {(open: boolean) => void} */
  function fold(open) {
    drawer.classList.toggle('is-open', open);
    button.setAttribute('aria-expanded', String(open));
  }

  const isOpen = () => drawer.classList.contains('is-open');
  // In a wide window it is always there, and its button is not.
  const isDrawn = () => button.checkVisibility();

  button.addEventListener('click', () => fold(!isOpen()));
  for (const element of [drawer, button]) {
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || !isOpen()) return;
      fold(false);
      button.focus();
    });
  }
  // It holds nobody: who goes on with the keyboard, or presses beside it, has left it.
  document.addEventListener('focusin', ({ target }) => {
    if (isOpen() && target instanceof Element && target.closest('.composer, .log')) fold(false);
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Element && target.closest('.log, .composer')) fold(false);
  });
  return { open: () => isDrawn() && fold(true), close: () => fold(false) };
}
