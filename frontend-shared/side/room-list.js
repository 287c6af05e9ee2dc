/** The rooms as links. They stay the same elements, and stay where they are while somebody is about to press one. */
import { bringIntoView } from '../elements.js';
import { toAddress } from './room-name.js';
import { MAX_COUNTED } from './unread.js';
import { words } from '../words.js';
/** @import { Unread } from './unread.js' */

/** @typedef {{ room: string, isCurrent: boolean, unread: Unread }} RoomLine */

/**
 * @param {HTMLElement} list
 * @param {(room: string) => void} onChosen
 * @returns {{ draw: (lines: readonly RoomLine[]) => void, step: (by: number) => void }} `step`: choose the next one, or
 *   the one before
 */
export function createRoomList(list, onChosen) {
  const scroller = list.closest('.side');
  /** @type {readonly RoomLine[]} as they are to stand */
  let wanted = [];
  /** @type {readonly string[]} as they stand */
  let shown = [];
  /** The last that was brought into view. */
  let entered = '';

  function redraw() {
    const hadOthers = shown.length > 1;
    const isHeld = list.matches(':hover') || list.contains(document.activeElement);
    const names = wanted.map(({ room }) => room);
    shown = isHeld ? keepOrder(names, shown) : names;
    /** @type {Map<string, HTMLElement>} */
    const drawn = new Map([...list.querySelectorAll('a')].map((link) => [link.dataset['room'] ?? '', link]));
    const items = shown.map((room) => drawn.get(room)?.parentElement ?? toItem(room));
    if (items.length !== list.children.length || items.some((item, index) => list.children[index] !== item)) {
      const focused = document.activeElement;
      list.replaceChildren(...items);
      if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
    }
    const lines = new Map(wanted.map((line) => [line.room, line]));
    for (const link of list.querySelectorAll('a')) {
      const line = lines.get(link.dataset['room'] ?? '');
      if (line) drawLine(link, line);
      if (!line?.isCurrent || (hadOthers && line.room === entered)) continue;
      entered = line.room;
      if (scroller) bringIntoView(link, scroller);
    }
  }

  list.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    // With a key held it is for another tab, and that is the browser's.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onChosen(link.dataset['room'] ?? '');
  });
  list.addEventListener('pointerleave', redraw);
  list.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && list.contains(relatedTarget))) queueMicrotask(redraw);
  });

  return {
    draw(lines) {
      wanted = lines;
      redraw();
    },
    step(by) {
      const at = shown.findIndex((room) => wanted.some((line) => line.isCurrent && line.room === room));
      const next = shown[(at + by + shown.length) % shown.length];
      if (next !== undefined && shown.length > 1) onChosen(next);
    },
  };
}

/** @type {(names: readonly string[], shown: readonly string[]) => string[]} what is new comes last */
export function keepOrder(names, shown) {
  const stay = shown.filter((room) => names.includes(room));
  return [...stay, ...names.filter((room) => !stay.includes(room))];
}

/** @type {(room: string) => HTMLElement} */
function toItem(room) {
  const link = document.createElement('a');
  link.href = toAddress(room);
  link.dataset['room'] = room;
  link.append(toPart('room-label', room));
  const item = document.createElement('li');
  item.append(link);
  return item;
}

/** @type {(link: HTMLAnchorElement, line: RoomLine) => void} */
function drawLine(link, { isCurrent, unread: { count, isMentioned } }) {
  if (isCurrent) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
  link.classList.toggle('is-unread', count > 0);
  drawUnread(link, { count, isMentioned });
}

/**
 * A number for the eyes, and words for the ears.
 * @type {(element: HTMLElement, unread: Unread) => void}
 */
export function drawUnread(element, { count, isMentioned }) {
  const badge = element.querySelector('.room-unread');
  const heard = element.querySelector('.heard');
  const said =
    count === 0 ? '' : ` ${words.rooms.unread(toCount(count))}${isMentioned ? `, ${words.rooms.mentioned}` : ''}`;
  element.classList.toggle('is-mentioned', isMentioned);
  if ((heard?.textContent ?? '') === said) return;
  badge?.remove();
  heard?.remove();
  if (count === 0) return;
  const shown = toPart('room-unread', toCount(count));
  shown.ariaHidden = 'true';
  element.append(shown, toPart('heard', said));
}

/** @type {(count: number) => string} */
export const toCount = (count) => (count < MAX_COUNTED ? words.number(count) : `${words.number(MAX_COUNTED - 1)}+`);

/** @type {(className: string, text: string) => HTMLElement} */
function toPart(className, text) {
  const part = document.createElement('span');
  part.className = className;
  part.textContent = text;
  return part;
}
