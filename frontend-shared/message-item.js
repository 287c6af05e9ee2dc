/** Draws one row of the conversation. What people wrote enters as text, never as markup. */
import { isSameDay, toDay, toExactTime, toTime } from './time-words.js';
/** @import { Row } from './timeline.js' */

/** Milliseconds within which messages of one person stand together under one name. */
const TOGETHER_MS = 5 * 60 * 1000;

/**
 * @typedef {object} Item What decides how a row looks.
 * @property {Row} row
 * @property {string} day begins with this row; empty when the row before is of the same day
 * @property {boolean} together the row before already shows the name
 */

/** @type {(row: Row, before: Row | undefined, now: Date) => Item} */
export function toItem(row, before, now) {
  const at = timeOf(row, now);
  const beforeAt = before && timeOf(before, now);
  const newDay = !beforeAt || !isSameDay(at, beforeAt);
  const together = !newDay && isSamePerson(row, before) && Math.abs(at.getTime() - beforeAt.getTime()) < TOGETHER_MS;
  return { row, day: newDay ? toDay(at.toISOString(), now) : '', together };
}

/** @type {(a: Item, b: Item) => boolean} whether they look the same */
export const looksSame = (a, b) =>
  a.row.message === b.row.message &&
  a.row.pending?.key === b.row.pending?.key &&
  a.day === b.day &&
  a.together === b.together;

/**
 * Draw anew what has changed, into the element that is there: it keeps its place, its focus and what is selected in it.
 * @type {(element: HTMLElement, item: Item) => void}
 */
export function drawItem(element, { row: { message, pending }, day, together }) {
  const user = message?.user ?? pending?.user ?? '';
  const text = message?.deleted ? 'Message deleted' : (message?.message ?? pending?.message ?? '');
  element.classList.toggle('is-together', together);
  element.classList.toggle('is-pending', pending !== undefined);
  element.classList.toggle('is-deleted', message?.deleted === true);
  element.style.setProperty('--hue', String(toHue(message?.author ?? user)));
  write(element, '.day', day);
  write(element, '.message-user', user);
  write(element, '.avatar', toInitials(user));
  write(element, '.message-text', text);
  write(element, '.message-note', pending ? 'Waiting to be sent' : '');
  const time = /** @type {HTMLTimeElement} */ (element.querySelector('time'));
  time.dateTime = message?.timestamp ?? '';
  time.title = message ? toExactTime(message.timestamp) : '';
  time.textContent = message ? toTime(message.timestamp) : '';
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
  return !message || !before?.message || message.author === before.message.author;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @type {(user: string) => string} the first letters of the first two words; letters as people see them, emoji too */
export function toInitials(user) {
  const letters = [...segmenter.segment(user)].map(({ segment }) => segment);
  const firsts = letters.filter((letter, index) => isLetter(letter) && !isLetter(letters[index - 1] ?? ''));
  return (firsts.length > 0 ? firsts.slice(0, 2) : letters.slice(0, 1)).join('').toLocaleUpperCase();
}

/** @type {(letter: string) => boolean} */
const isLetter = (letter) => /[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(letter);

/** @type {(name: string) => number} degrees; the same name always has the same colour */
function toHue(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}
