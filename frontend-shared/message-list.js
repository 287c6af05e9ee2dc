/** Draws the conversation: an element a message, which stays the same element for as long as it is the same message. */
import { drawItem, looksSame, toItem } from './message-item.js';
import { keepScroll } from './scroll-keeper.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Beside } from './message-actions.js' */
/** @import { Item } from './message-item.js' */
/** @import { Row } from './timeline.js' */

/**
 * @typedef {object} MessageList
 * @property {(rows: readonly Row[]) => void} draw
 * @property {() => void} toEnd
 * @property {(id: number) => boolean} show brings a message into view and marks it; false when it is not drawn
 * @property {(target: EventTarget | null) => { message: Message, element: HTMLElement } | undefined} at
 */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.scroller
 * @param {HTMLElement} parts.list
 * @param {HTMLTemplateElement} parts.template of one message
 * @param {HTMLButtonElement} parts.toEndButton shown where the end is out of view
 * @param {(message: Message) => Beside} parts.toBeside
 * @param {() => void} parts.onNearStart the oldest that is drawn comes into view
 * @returns {MessageList}
 */
export function createMessageList({ scroller, list, template, toEndButton, toBeside, onNearStart }) {
  const scroll = keepScroll(scroller, list);
  /** @type {Map<string, { element: HTMLElement, item: Item }>} */
  let drawn = new Map();

  /** @type {(item: Item) => { element: HTMLElement, item: Item }} */
  function drawRow(item) {
    const before = drawn.get(item.row.name) ?? drawn.get(`key ${item.row.key}`);
    const element = before?.element ?? copyTemplate(template);
    if (!before || !looksSame(before.item, item)) drawItem(element, item);
    return { element, item };
  }

  /** @type {(rows: readonly Row[]) => void} */
  function drawAll(rows) {
    const now = new Date();
    const next = new Map(rows.map((row, index) => [row.name, drawRow(toItem(row, rows[index - 1], now, toBeside))]));
    const staying = new Set([...next.values()].map(({ element }) => element));
    for (const { element } of drawn.values()) if (!staying.has(element)) element.remove();
    putInOrder(list, staying);
    drawn = next;
  }

  function afterScroll() {
    const isAtEnd = scroll.isAtEnd();
    toEndButton.hidden = isAtEnd;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    // Who is at the end has not gone looking for older ones; there they are wanted only where a window is left empty.
    if (isAtEnd ? scrollHeight <= clientHeight : scrollTop < clientHeight) onNearStart();
  }

  scroller.addEventListener('scroll', afterScroll, { passive: true });
  toEndButton.addEventListener('click', () => {
    scroll.toEnd();
    scroller.focus();
  });

  return {
    toEnd: scroll.toEnd,
    show(id) {
      const element = drawn.get(`id ${id}`)?.element;
      if (!element) return false;
      list.querySelector('.is-marked')?.classList.remove('is-marked');
      element.classList.add('is-marked');
      scroll.leaveEnd();
      element.scrollIntoView({ block: 'center' });
      element.focus({ preventScroll: true });
      return true;
    },
    at(target) {
      const element = target instanceof Element ? target.closest('.message') : null;
      for (const { element: own, item } of drawn.values()) {
        if (own === element && item.row.message) return { message: item.row.message, element: own };
      }
      return undefined;
    },
    draw(rows) {
      scroll.around(() => drawAll(rows));
      afterScroll();
    },
  };
}

/** @type {(template: HTMLTemplateElement) => HTMLElement} */
const copyTemplate = ({ content }) => /** @type {HTMLElement} */ (document.importNode(content, true).firstElementChild);

/**
 * Moves only what is out of its place: an element that is moved loses its focus.
 * @type {(list: HTMLElement, elements: Iterable<HTMLElement>) => void}
 */
function putInOrder(list, elements) {
  let place = list.firstElementChild;
  for (const element of elements) {
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  }
}
