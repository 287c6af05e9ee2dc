/** Draws one row of the conversation. What people wrote enters as text, never as markup. */
import { drawText } from './draw-text.js';
import { drawActions, leaveFor } from './message-actions.js';
import { closeEditor } from './message-editor.js';
import { setHue, toHue, toInitials } from './person.js';
import { FOLD_LINES, LINE_LETTERS, TOGETHER_MS } from './reading-bounds.js';
import { toAddress } from '../side/room-name.js';
import { isSameDay, toDay, toExactTime, toTime, toWhen } from './time-words.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Names } from './draw-text.js' */
/** @import { Beside } from './message-actions.js' */
/** @import { Outgoing } from '../link/outgoing.js' */
/** @import { Quote } from './quotes.js' */

/**
 * @typedef {object} Row One line of the conversation: a message, or one's own text that is still on its way.
 * @property {Message} [message]
 * @property {Outgoing} [pending]
 */
/**
 * @typedef {object} Around What a row looks like beside what it says itself.
 * @property {Date} now
 * @property {Names} names
 * @property {number | undefined} firstNew the id that the line above what is new stands above
 * @property {string | undefined} author one's own, of what is on its way
 * @property {(message: Message) => Beside} toBeside
 * @property {(message: Message) => string} toTwin what tells its author from another of the same name; mostly empty
 */
/**
 * @typedef {object} Item What decides how a row looks.
 * @property {Row} row
 * @property {string} day begins with this row; empty when the row before is of the same day
 * @property {boolean} isFirstNew
 * @property {boolean} together the row before already shows the name
 * @property {string} twin
 * @property {number | undefined} hue degrees; undefined as long as one's own is not known
 * @property {Beside | undefined} beside undefined for what is on its way, and for what was deleted
 */

/** @type {(row: Row, before: Row | undefined, around: Around) => Item} */
export function toItem(row, before, { now, firstNew, author, toBeside, toTwin }) {
  const { message } = row;
  const at = timeOf(row, now);
  const beforeAt = before && timeOf(before, now);
  const newDay = !beforeAt || !isSameDay(at, beforeAt);
  const isFirstNew = message !== undefined && message.id === firstNew;
  const isSoon = !newDay && !isFirstNew && Math.abs(at.getTime() - beforeAt.getTime()) < TOGETHER_MS;
  return {
    row,
    day: newDay ? toDay(at.toISOString(), now) : '',
    isFirstNew,
    together: isSoon && isSamePerson(row, before),
    twin: message ? toTwin(message) : '',
    hue: toHueOf(row, author),
    beside: message && !message.deleted ? toBeside(message) : undefined,
  };
}

/** @type {(row: Row, author: string | undefined) => number | undefined} none is better than one that will not stay */
function toHueOf({ message }, author) {
  const name = message ? (message.author ?? message.user) : author;
  return name === undefined ? undefined : toHue(name);
}

/** @type {(a: Item, b: Item) => boolean} whether they look the same */
export const looksSame = (a, b) =>
  a.row.message === b.row.message &&
  a.row.pending?.key === b.row.pending?.key &&
  a.day === b.day &&
  a.isFirstNew === b.isFirstNew &&
  a.together === b.together &&
  a.twin === b.twin &&
  a.hue === b.hue &&
  looksSameBeside(a.beside, b.beside);

/** @type {(a: Beside | undefined, b: Beside | undefined) => boolean} */
const looksSameBeside = (a, b) =>
  a?.isMine === b?.isMine &&
  a?.change === b?.change &&
  a?.quote?.text === b?.quote?.text &&
  a?.quote?.user === b?.quote?.user &&
  a?.reactions.length === b?.reactions.length &&
  (a?.reactions ?? []).every(({ emoji, count, mine }, index) => {
    const other = b?.reactions[index];
    return emoji === other?.emoji && count === other.count && mine === other.mine;
  });

/**
 * Draw anew what has changed, into the element that is there: it keeps its place, its focus and what is selected in it.
 * @type {(element: HTMLElement, item: Item, around: Pick<Around, 'now' | 'names'>) => void}
 */
export function drawItem(element, item, { now, names }) {
  const { row, day, isFirstNew, together, twin, hue, beside } = item;
  const { message, pending } = row;
  const user = message?.user ?? pending?.user ?? '';
  const { change } = beside ?? {};
  const said = change?.kind === 'saving' ? change.text : (message?.message ?? pending?.message ?? '');
  const text = message?.deleted ? words.message.deleted : said;
  element.classList.toggle('has-day', day !== '');
  element.classList.toggle('has-new', isFirstNew);
  element.classList.toggle('is-together', together);
  element.classList.toggle('is-pending', pending !== undefined);
  element.classList.toggle('is-emoji', isEmoji(text));
  element.classList.toggle('is-deleted', message?.deleted === true);
  element.classList.toggle('is-edited', message?.edited !== undefined);
  element.classList.toggle('is-changing', change !== undefined);
  element.classList.toggle('is-saving', change?.kind === 'saving');
  element.classList.toggle('is-deleting', change?.kind === 'deleting');
  setHue(element, hue);
  const color = message ? message.color : pending?.color;
  element.classList.toggle('has-color', color !== undefined);
  if (color === undefined) element.style.removeProperty('--color');
  else element.style.setProperty('--color', color);
  write(element, '.day', day);
  write(element, '.message-new', isFirstNew ? words.list.fresh : '');
  write(element, '.message-user', user);
  write(element, '.message-twin', twin);
  write(element, '.avatar', toInitials(user));
  drawText(part(element, '.message-text'), text, names);
  drawFold(element, isLong(text));
  drawQuote(/** @type {HTMLAnchorElement} */ (part(element, '.message-quote')), message, beside?.quote);
  drawActions(element, beside);
  if (!beside) {
    leaveFor(element.querySelector('.editor'), element);
    closeEditor(element);
  }
  // While it is being saved, the note stands in the place of this, so that nothing moves when it has been.
  write(element, '.message-edited', message?.edited && change?.kind !== 'saving' ? words.message.edited : '');
  drawFate(element, pending, change && words.message[change.kind]);
  drawLink(/** @type {HTMLAnchorElement} */ (part(element, '.message-link')), message);
  if (message) drawTime(element, message, now);
}

/** @type {(element: HTMLElement, message: Message, now: Date) => void} short, where it stands in the place of the avatar */
export function drawTime(element, { timestamp }, now) {
  const isShort = element.classList.contains('is-together');
  write(element, '.message-time', isShort ? toTime(timestamp) : toWhen(timestamp, now));
}

/** @type {(link: HTMLAnchorElement, message: Message | undefined) => void} the time leads to the message itself */
function drawLink(link, message) {
  link.hidden = message === undefined;
  if (!message) return;
  const time = /** @type {HTMLTimeElement} */ (part(link, '.message-time'));
  link.href = toAddress(message.room, message.id);
  link.dataset['id'] = String(message.id);
  if (time.dateTime !== message.timestamp) {
    time.dateTime = message.timestamp;
    time.title = toExactTime(message.timestamp);
  }
}

/** @type {(element: HTMLElement, isLong: boolean) => void} who has unfolded it finds it so when it is drawn anew */
function drawFold(element, isLong) {
  const button = part(element, '.message-fold');
  element.classList.toggle('is-long', isLong);
  if (button.hidden === !isLong) return;
  button.hidden = !isLong;
  setFolded(element, isLong);
}

/** @type {(element: HTMLElement, pending: Outgoing | undefined, change?: string) => void} what is on its way, or held back until a person decides */
function drawFate(element, pending, change = '') {
  const held = pending?.held;
  element.classList.toggle('is-held', held !== undefined);
  element.dataset['key'] = pending?.key ?? '';
  write(element, '.message-note', held ? words.sending[held] : pending ? words.message.waiting : change);
  part(element, '.message-fate').hidden = held === undefined;
}

/** @type {(element: HTMLElement, isFolded: boolean) => void} */
export function setFolded(element, isFolded) {
  const button = part(element, '.message-fold');
  element.classList.toggle('is-folded', isFolded);
  button.ariaExpanded = String(!isFolded);
  button.textContent = isFolded ? words.message.showAll : words.message.showLess;
}

/**
 * One emoji: a sign with what is joined to it, a key, or a flag. Not `\p{RGI_Emoji}`, over which a browser of a few years
 * ago would refuse the page.
 */
const EMOJI = String.raw`(?:\p{Emoji_Presentation}|\p{Emoji}\u{FE0F})[\p{Emoji_Modifier}\u{FE0F}\u{20E3}\u{E0020}-\u{E007F}]*`;
const NOTHING_BUT_EMOJI = new RegExp(String.raw`^(?:${EMOJI}(?:\u{200D}(?:${EMOJI}|\p{Emoji}))*\s?){1,3}$`, 'u');

/** @type {(text: string) => boolean} so few that they are meant as a picture; a flag is two */
export const isEmoji = (text) => text.length < 100 && NOTHING_BUT_EMOJI.test(text);

/** @type {(text: string) => boolean} by its letters, as measuring would cost a layout for each message */
export const isLong = (text) =>
  text.length > FOLD_LINES &&
  text.split('\n').reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / LINE_LETTERS)), 0) > FOLD_LINES;

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
  const to = part(element, selector);
  if (to.textContent !== text) to.textContent = text;
  to.hidden = text === '';
}

/** @type {(element: HTMLElement, selector: string) => HTMLElement} of the template */
const part = (element, selector) => /** @type {HTMLElement} */ (element.querySelector(selector));

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
