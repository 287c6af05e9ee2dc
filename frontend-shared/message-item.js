/** Draws one row of the conversation. What people wrote enters as text, never as markup. */
import { drawText } from './draw-text.js';
import { drawActions } from './message-actions.js';
import { closeEditor } from './message-editor.js';
import { toHue, toInitials } from './person.js';
import { toAddress } from './room-name.js';
import { isSameDay, toDay, toExactTime, toTime } from './time-words.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Beside } from './message-actions.js' */
/** @import { Quote } from './quotes.js' */
/** @import { Row } from './timeline.js' */

/** Milliseconds within which messages of one person stand together under one name. */
const TOGETHER_MS = 5 * 60 * 1000;

/**
 * @typedef {object} Item What decides how a row looks.
 * @property {Row} row
 * @property {string} day begins with this row; empty when the row before is of the same day
 * @property {boolean} together the row before already shows the name
 * @property {Beside | undefined} beside undefined for what is on its way, and for what was deleted
 */

/** @type {(row: Row, before: Row | undefined, now: Date, toBeside: (message: Message) => Beside) => Item} */
export function toItem(row, before, now, toBeside) {
  const at = timeOf(row, now);
  const beforeAt = before && timeOf(before, now);
  const newDay = !beforeAt || !isSameDay(at, beforeAt);
  const together = !newDay && isSamePerson(row, before) && Math.abs(at.getTime() - beforeAt.getTime()) < TOGETHER_MS;
  const beside = row.message && !row.message.deleted ? toBeside(row.message) : undefined;
  return { row, day: newDay ? toDay(at.toISOString(), now) : '', together, beside };
}

/** @type {(a: Item, b: Item) => boolean} whether they look the same */
export const looksSame = (a, b) =>
  a.row.message === b.row.message &&
  a.row.pending?.key === b.row.pending?.key &&
  a.day === b.day &&
  a.together === b.together &&
  looksSameBeside(a.beside, b.beside);

/** @type {(a: Beside | undefined, b: Beside | undefined) => boolean} */
const looksSameBeside = (a, b) =>
  a?.isMine === b?.isMine &&
  a?.quote?.text === b?.quote?.text &&
  a?.quote?.user === b?.quote?.user &&
  a?.reactions.length === b?.reactions.length &&
  (a?.reactions ?? []).every(({ emoji, count, mine }, index) => {
    const other = b?.reactions[index];
    return emoji === other?.emoji && count === other.count && mine === other.mine;
  });

/**
 * Draw anew what has changed, into the element that is there: it keeps its place, its focus and what is selected in it.
 * @type {(element: HTMLElement, item: Item) => void}
 */
export function drawItem(element, { row: { message, pending }, day, together, beside }) {
  const user = message?.user ?? pending?.user ?? '';
  const text = message?.deleted ? 'Message deleted' : (message?.message ?? pending?.message ?? '');
  element.classList.toggle('has-day', day !== '');
  element.classList.toggle('is-together', together);
  element.classList.toggle('is-pending', pending !== undefined);
  element.classList.toggle('is-deleted', message?.deleted === true);
  element.style.setProperty('--hue', String(toHue(message?.author ?? user)));
  const color = message ? message.color : pending?.color;
  element.classList.toggle('has-color', color !== undefined);
  if (color === undefined) element.style.removeProperty('--color');
  else element.style.setProperty('--color', color);
  write(element, '.day', day);
  write(element, '.message-user', user);
  write(element, '.avatar', toInitials(user));
  drawText(/** @type {HTMLElement} */ (element.querySelector('.message-text')), text);
  drawQuote(/** @type {HTMLAnchorElement} */ (element.querySelector('.message-quote')), message, beside?.quote);
  drawActions(element, beside);
  if (!beside) closeEditor(element);
  write(element, '.message-edited', message?.edited ? 'edited' : '');
  write(element, '.message-note', pending ? 'Waiting to be sent' : '');
  const time = /** @type {HTMLTimeElement} */ (element.querySelector('time'));
  time.dateTime = message?.timestamp ?? '';
  time.title = message ? toExactTime(message.timestamp) : '';
  time.textContent = message ? toTime(message.timestamp) : '';
}

/** @type {(link: HTMLAnchorElement, message: Message | undefined, quote: Quote | undefined) => void} */
function drawQuote(link, message, quote) {
  link.hidden = quote === undefined;
  if (!message || !quote) return;
  link.href = toAddress(message.room, quote.id);
  link.dataset['id'] = String(quote.id);
  write(link, '.quote-user', quote.user);
  write(link, '.quote-text', quote.text);
  link.classList.toggle('is-gone', quote.gone);
}

/** @type {(element: HTMLElement, selector: string, text: string) => void} */
function write(element, selector, text) {
  const part = /** @type {HTMLElement} */ (element.querySelector(selector));
  if (part.textContent !== text) part.textContent = text;
  part.hidden = text === '';
}

/** @type {(row: Row, now: Date) => Date} what is on its way is of now */
const timeOf = ({ message }, now) => (message ? new Date(message.timestamp) : now);

/** @type {(row: Row, before: Row | undefined) => boolean} one's own author is not known before the server says it */
function isSamePerson({ message, pending }, before) {
  if (before?.message?.deleted || message?.deleted) return false;
  const user = message?.user ?? pending?.user;
  if (user !== (before?.message?.user ?? before?.pending?.user)) return false;
  // A colour is shown with the name.
  if ((message ?? pending)?.color !== (before?.message ?? before?.pending)?.color) return false;
  return !message || !before?.message || message.author === before.message.author;
}
