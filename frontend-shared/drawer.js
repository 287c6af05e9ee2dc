/** Rooms and search beside the conversation; in a narrow window they lie over it, and are folded away until asked for. */

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} drawer
 * @returns {{ close: () => void }}
 */
export function createDrawer(button, drawer) {
  /** @type {(open: boolean) => void} */
  function fold(open) {
    drawer.classList.toggle('is-open', open);
    button.setAttribute('aria-expanded', String(open));
  }

  const isOpen = () => drawer.classList.contains('is-open');
  button.addEventListener('click', () => fold(!isOpen()));
  drawer.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || !isOpen()) return;
    fold(false);
    button.focus();
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Element && target.closest('.log, .composer')) fold(false);
  });
  return { close: () => fold(false) };
}
