/** The small menu of emoji to react with: one for the page, opened at the button that asks for it. */
import { words } from '../words.js';
/** @import { PickEmoji } from '../writing/writing.js' */

/** What people answer with most, and nothing that has a button of its own. */
const COMMON = ['❤️', '😂', '🎉', '😮', '😢', '🙏'];
/** Pixels. */
const GAP = 4;

/**
 * @param {HTMLElement} menu with the attribute `popover`
 * @param {PickEmoji} pickEmoji from all there are
 * @returns {{ open: (button: HTMLElement, onChosen: (emoji: string) => void) => void }}
 */
export function createReactionMenu(menu, pickEmoji) {
  /** @type {(emoji: string) => void} */
  let chosen = () => {};
  /** @type {HTMLElement | undefined} */
  let opener;
  const more = toItem('+');
  more.ariaLabel = more.title = words.emoji.more;
  const items = [...COMMON.map(toItem), more];
  menu.replaceChildren(...items);

  menu.addEventListener('click', ({ target }) => {
    const item = items.find((one) => one === target);
    if (!item) return;
    // Before it acts: a redraw must find the focus where it belongs.
    close();
    if (item === more && opener) pickEmoji(opener, chosen);
    else chosen(item.textContent);
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = items.findIndex((item) => item === document.activeElement);
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? -1 : step && (at + step) % items.length;
    if (event.key === 'Tab') close();
    if (event.key === 'Escape') {
      // What is open around it stays.
      event.preventDefault();
      event.stopPropagation();
      close();
    }
    if (to === undefined) return;
    event.preventDefault();
    items.at(to)?.focus();
  });
  menu.addEventListener('toggle', (event) => {
    opener?.setAttribute('aria-expanded', String(event instanceof ToggleEvent && event.newState === 'open'));
  });

  function close() {
    menu.hidePopover();
    opener?.focus();
  }

  return {
    open(button, onChosen) {
      opener = button;
      chosen = onChosen;
      menu.showPopover();
      place(menu, button.getBoundingClientRect());
      items[0]?.focus();
    },
  };
}

/** @type {(emoji: string) => HTMLButtonElement} */
function toItem(emoji) {
  const item = document.createElement('button');
  item.type = 'button';
  item.textContent = emoji;
  item.setAttribute('role', 'menuitem');
  item.tabIndex = -1;
  return item;
}

/** @type {(menu: HTMLElement, anchor: DOMRect) => void} below the button where there is room, and never out of the window */
function place(menu, anchor) {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP));
  const below = anchor.bottom + GAP;
  const top = below + height < innerHeight ? below : Math.max(GAP, anchor.top - height - GAP);
  menu.style.setProperty('left', `${left}px`);
  menu.style.setProperty('top', `${top}px`);
}
