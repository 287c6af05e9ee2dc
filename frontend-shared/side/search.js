/** Search in all rooms, or in this one: what was found lies over the conversation until one is chosen, or it is left. */
import { toReason } from '../link/problem-words.js';
import { fetchMatches, MAX_MATCHES } from '../link/directory-api.js';
import { Refused } from '../link/http.js';
import { toPlainLine } from '../room/rich-text.js';
import { toAddress } from './room-name.js';
import { splitHits } from './search-hits.js';
import { toExactTime, toShortDate } from '../room/time-words.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */

/** Milliseconds after the last letter: a word is looked for, not each of its beginnings. */
const PAUSE_MS = 250;
/** Milliseconds until it is said that the answer takes its time. */
const SEARCHING_SHOWS_AFTER_MS = 500;

/**
 * @param {object} parts
 * @param {HTMLInputElement} parts.box
 * @param {HTMLElement} parts.panel with an element for its words, a switch for this room only, and a list
 * @param {HTMLTemplateElement} parts.template of one that was found
 * @param {() => string} parts.room the one that is shown
 * @param {(message: Message) => void} parts.onChosen
 * @param {() => void} parts.onLeft the focus needs a place
 */
export function createSearch({ box, panel, template, room, onChosen, onLeft }) {
  const said = /** @type {HTMLElement} */ (panel.querySelector('[data-words]'));
  const list = /** @type {HTMLElement} */ (panel.querySelector('ul'));
  const hereOnly = /** @type {HTMLInputElement} */ (panel.querySelector('input'));
  let underWay = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function leave() {
    clearTimeout(timer);
    underWay.abort();
    box.value = '';
    panel.hidden = true;
    said.textContent = '';
    list.replaceChildren();
  }

  async function find() {
    clearTimeout(timer);
    underWay.abort();
    underWay = new AbortController();
    const { signal } = underWay;
    const asked = box.value.trim();
    if (asked === '') return leave();
    timer = setTimeout(() => draw([], words.search.searching), SEARCHING_SHOWS_AFTER_MS);
    try {
      const found = await fetchMatches(asked, { signal, ...(hereOnly.checked && { room: room() }) });
      if (!signal.aborted) draw(found);
    } catch (error) {
      if (!signal.aborted) draw([], toText(error));
    }
  }

  /** @type {(found: readonly Message[], text?: string) => void} */
  function draw(found, text = toCount(found.length)) {
    clearTimeout(timer);
    panel.hidden = false;
    said.textContent = text;
    list.replaceChildren(...found.map(toItem));
    panel.scrollTop = 0;
  }

  /** @type {(message: Message) => HTMLElement} */
  function toItem(message) {
    const item = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
    const { id, user, timestamp } = message;
    const parts = { user, room: `#${message.room}`, time: toShortDate(timestamp, new Date()) };
    for (const [name, text] of Object.entries(parts)) {
      const part = item.querySelector(`[data-${name}]`);
      if (part) part.textContent = text;
    }
    item.querySelector('[data-text]')?.append(...splitHits(toPlainLine(message.message), box.value).map(toPart));
    item.title = toExactTime(timestamp);
    const link = /** @type {HTMLAnchorElement} */ (item.querySelector('a'));
    link.href = toAddress(message.room, id);
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      leave();
      onChosen(message);
    });
    return item;
  }

  /** @type {(event: KeyboardEvent) => void} */
  function onKey(event) {
    const links = [...list.querySelectorAll('a')];
    const at = links.findIndex((link) => link === document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.altKey || event.isComposing) return;
    if (event.key === 'Escape' && (box.value !== '' || !panel.hidden)) {
      event.preventDefault();
      leave();
      onLeft();
    } else if (step !== undefined && links.length > 0) {
      event.preventDefault();
      (at + step < 0 ? box : links[Math.min(at + step, links.length - 1)])?.focus();
    }
  }

  box.addEventListener('input', () => {
    clearTimeout(timer);
    if (box.value.trim() === '') return leave();
    timer = setTimeout(() => void find(), PAUSE_MS);
  });
  box.form?.addEventListener('submit', (event) => {
    event.preventDefault();
    void find();
  });
  hereOnly.addEventListener('change', () => void find());
  for (const element of [box, panel]) element.addEventListener('keydown', onKey);
  panel.querySelector('[data-leave]')?.addEventListener('click', () => {
    leave();
    onLeft();
  });
}

/** @type {(count: number) => string} */
function toCount(count) {
  if (count === 0) return words.search.nothing;
  return count < MAX_MATCHES ? words.search.found(count) : words.search.best(count);
}

/** @type {(error: unknown) => string} for people */
const toText = (error) =>
  error instanceof Refused
    ? toReason(error.problem, words.search.failed)
    : `${words.search.failed}: ${words.search.unreachable}`;

/** @type {(piece: import('./search-hits.js').Piece) => string | HTMLElement} */
function toPart({ text, isHit }) {
  if (!isHit) return text;
  const mark = document.createElement('mark');
  mark.textContent = text;
  return mark;
}
