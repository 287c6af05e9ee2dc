/**
 * Draws the conversation: an element a message, which stays the same element for as long as it is the same message. Only
 * what changed is looked at, so that a message costs the same however many are shown.
 */
import { drawItem, drawTime, looksSame, setFolded, toItem } from './message-item.js';
import { AHEAD_WINDOWS } from './reading-bounds.js';
import { keepScroll } from './scroll-keeper.js';
import { isRecent } from './time-words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Drawing } from './conversation.js' */
/** @import { Around, Item, Row } from './message-item.js' */
/** @import { Outgoing } from '../link/outgoing.js' */

/**
 * @typedef {object} Reading Where somebody reads.
 * @property {number} id of the first message in view
 * @property {number} top pixels from the top of the view to it
 */
/**
 * @typedef {object} MessageList
 * @property {(drawing: Drawing, pending: readonly Outgoing[]) => void} draw
 * @property {() => void} refreshTimes "3 min ago" is not true for long
 * @property {() => void} toEnd
 * @property {() => boolean} isAtEnd
 * @property {(id: number) => boolean} show brings a message into view and marks it; false when it is not drawn
 * @property {() => Reading | undefined} reading undefined at the end, where the newest are read
 * @property {(reading: Reading) => boolean} goTo false when that message is not drawn
 * @property {(id: number) => HTMLElement | undefined} elementOf
 * @property {(id: number) => boolean} isHeld somebody is busy in that message
 * @property {(target: EventTarget | null) => { message: Message, element: HTMLElement } | undefined} at
 */
/** @typedef {{ element: HTMLElement, item: Item }} Drawn */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.scroller
 * @param {HTMLElement} parts.list
 * @param {HTMLTemplateElement} parts.template of one message
 * @param {() => Around} parts.around
 * @param {() => boolean} parts.hasEnd false while what comes last is not shown
 * @param {() => void} parts.onNearStart the oldest that is drawn is about to come into view
 * @param {() => void} parts.onNearEnd the same of the newest that is drawn
 * @param {() => void} parts.onMoved the view, or what is in it
 * @returns {MessageList}
 */
export function createMessageList({ scroller, list, template, around, hasEnd, onNearStart, onNearEnd, onMoved }) {
  const scroll = keepScroll(scroller, list, hasEnd);
  /** @type {Map<number, Drawn>} by id */
  const messages = new Map();
  /** @type {Map<string, Drawn>} what is on its way, by key, in order */
  let waiting = new Map();
  /** @type {WeakMap<Element, Drawn>} */
  const byElement = new WeakMap();

  /** @type {(drawing: Drawing) => void} */
  function drawMessages({ messages: timeline, ids, isAnew }) {
    const now = around();
    const changed = isAnew ? allOf(timeline, messages.keys()) : ids;
    /** @type {Set<number>} those after a changed one may begin a day now, or stand under its name */
    const looked = new Set();
    // From the end, so that what a message is to stand before is there already.
    for (const id of [...changed].toSorted((a, b) => b - a)) {
      const index = timeline.indexOf(id);
      const isThere = timeline.get(id) !== undefined;
      const following = timeline.at(isThere ? index + 1 : index);
      if (following) looked.add(following.id);
      if (!isThere) {
        remove(messages.get(id)?.element);
        messages.delete(id);
        continue;
      }
      looked.add(id);
      if (!messages.has(id)) insert(toRowItem(index), following);
    }
    for (const id of looked) {
      const drawn = messages.get(id);
      const item = drawn && toRowItem(timeline.indexOf(id));
      if (item && !looksSame(drawn.item, item)) redraw(drawn, item);
    }

    /** @type {(index: number) => Item} */
    function toRowItem(index) {
      const before = index === 0 ? undefined : timeline.at(index - 1);
      return toItem({ message: /** @type {Message} */ (timeline.at(index)) }, before && { message: before }, now);
    }

    /** @type {(item: Item, following: Message | undefined) => void} */
    function insert(item, following) {
      const { id, key = '' } = /** @type {Message} */ (item.row.message);
      // What was on its way has arrived, and is the same element still.
      const before = waiting.get(key);
      waiting.delete(key);
      const drawn = before ?? create();
      redraw(drawn, item);
      messages.set(id, drawn);
      const place = (following && messages.get(following.id)?.element) ?? firstOf(waiting)?.element ?? null;
      // An element that is moved loses its focus.
      if (!before || drawn.element.nextElementSibling !== place) list.insertBefore(drawn.element, place);
    }
  }

  /** @type {(pending: readonly Outgoing[], last: Message | undefined) => void} */
  function drawWaiting(pending, last) {
    const next = new Map(pending.map((one) => [one.key, waiting.get(one.key) ?? create()]));
    for (const [key, { element }] of waiting) if (!next.has(key)) remove(element);
    waiting = next;
    /** @type {Row | undefined} */
    let before = last && { message: last };
    for (const one of pending) {
      const drawn = /** @type {Drawn} */ (next.get(one.key));
      redraw(drawn, toItem({ pending: one }, before, around()));
      before = { pending: one };
    }
    // Another tab's may belong before what is there; and what arrives is put before the first of them.
    /** @type {Element | null} */
    let following = null;
    for (const { element } of [...waiting.values()].toReversed()) {
      const isInPlace = element.isConnected && element.nextElementSibling === following;
      if (!isInPlace) list.insertBefore(element, following);
      following = element;
    }
  }

  /** @type {() => Drawn} */
  function create() {
    const element = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
    const drawn = { element, item: /** @type {Item} */ ({ row: {} }) };
    byElement.set(element, drawn);
    return drawn;
  }

  /** @type {(drawn: Drawn, item: Item) => void} */
  function redraw(drawn, item) {
    drawn.item = item;
    drawItem(drawn.element, item, around());
  }

  /** @type {(element: HTMLElement | undefined) => void} the focus does not fall off the page with what goes */
  function remove(element) {
    if (element?.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    element?.remove();
  }

  function afterScroll() {
    const isAtEnd = scroll.isAtEnd();
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    const ahead = clientHeight * AHEAD_WINDOWS;
    // Who is at the end has not gone looking for older ones; there they are wanted only where a window is left empty.
    if (isAtEnd ? scrollHeight <= clientHeight : scrollTop < ahead) onNearStart();
    if (!hasEnd() && scrollHeight - scrollTop - clientHeight < ahead) onNearEnd();
    onMoved();
  }

  scroller.addEventListener('scroll', afterScroll, { passive: true });
  scroller.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('.message-fold') : null;
    const element = button?.closest('.message');
    if (element instanceof HTMLElement) setFolded(element, button?.getAttribute('aria-expanded') === 'true');
  });

  return {
    toEnd: scroll.toEnd,
    isAtEnd: scroll.isAtEnd,
    show(id) {
      const element = messages.get(id)?.element;
      if (!element) return false;
      list.querySelector('.is-marked')?.classList.remove('is-marked');
      element.classList.add('is-marked');
      scroll.leaveEnd();
      element.scrollIntoView({ block: 'center' });
      element.focus({ preventScroll: true });
      return true;
    },
    reading() {
      const place = scroll.isAtEnd() ? undefined : scroll.place();
      const id = place && byElement.get(place.element)?.item.row.message?.id;
      return id === undefined ? undefined : { id, top: place?.top ?? 0 };
    },
    goTo({ id, top }) {
      const element = messages.get(id)?.element;
      if (element) scroll.goTo({ element, top });
      return element !== undefined;
    },
    elementOf: (id) => messages.get(id)?.element,
    isHeld: (id) => messages.get(id)?.element.classList.contains('is-edited-now') === true,
    at(target) {
      const element = target instanceof Element ? target.closest('.message') : null;
      const drawn = element ? byElement.get(element) : undefined;
      const message = drawn?.item.row.message;
      return message && drawn && { message, element: drawn.element };
    },
    draw(drawing, pending) {
      scroll.around(() => {
        drawMessages(drawing);
        drawWaiting(drawing.isNewest ? pending : [], drawing.messages.at(-1));
      });
      afterScroll();
    },
    refreshTimes() {
      const { now } = around();
      for (let element = list.lastElementChild; element; element = element.previousElementSibling) {
        const message = byElement.get(element)?.item.row.message;
        if (message && !isRecent(message.timestamp, now)) break;
        if (message && element instanceof HTMLElement) drawTime(element, message, now);
      }
    },
  };
}

/** @type {(timeline: Drawing['messages'], drawn: Iterable<number>) => Set<number>} */
function allOf(timeline, drawn) {
  const ids = new Set(drawn);
  for (let index = 0; index < timeline.size(); index += 1) ids.add(timeline.at(index)?.id ?? 0);
  return ids;
}

/** @type {<Value>(map: Map<unknown, Value>) => Value | undefined} */
const firstOf = (map) => map.values().next().value;
