/** Time as people say it, in the language of the page. */
import { locale, words } from '../words.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const timeFormat = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
const exactFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });
const dayFormat = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const soonFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const shortDateFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
const dayOfYearFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' });
const agoFormat = new Intl.RelativeTimeFormat(locale, { style: 'short' });
const relativeFormat = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

/** @type {(timestamp: string) => string} */
export const toTime = (timestamp) => timeFormat.format(new Date(timestamp));

/** @type {(timestamp: string) => string} to the second, with its date */
export const toExactTime = (timestamp) => exactFormat.format(new Date(timestamp));

/**
 * When it was said, as one would say it now: "just now", "3 min. ago", "14:05". The day stands in the line above.
 * @type {(timestamp: string, now: Date) => string}
 */
export function toWhen(timestamp, now) {
  const date = new Date(timestamp);
  const agoMs = now.getTime() - date.getTime();
  // Clocks differ by some seconds.
  if (agoMs < MINUTE_MS && agoMs > -MINUTE_MS) return words.time.justNow;
  if (agoMs > 0 && agoMs < HOUR_MS) return agoFormat.format(-Math.floor(agoMs / MINUTE_MS), 'minute');
  return timeFormat.format(date);
}

/** @type {(timestamp: string, now: Date) => boolean} whether its words become others by and by */
export const isRecent = (timestamp, now) => now.getTime() - new Date(timestamp).getTime() < HOUR_MS + MINUTE_MS;

/** @type {(timestamp: string, now: Date) => string} "Today", "Yesterday", "Friday, November 20" */
export function toDay(timestamp, now) {
  const date = new Date(timestamp);
  if (isSameDay(date, now)) return capitalize(relativeFormat.format(0, 'day'));
  if (isSameDay(date, dayBefore(now))) return toYesterday();
  return (date.getFullYear() === now.getFullYear() ? dayFormat : dayOfYearFormat).format(date);
}

/** @type {(a: Date, b: Date) => boolean} in the person's own time zone */
export const isSameDay = (a, b) =>
  a.getDate() === b.getDate() && a.getMonth() === b.getMonth() && a.getFullYear() === b.getFullYear();

/** @type {(timestamp: string, now: Date) => string} of a moment to come */
export function toSoon(timestamp, now) {
  const date = new Date(timestamp);
  return isSameDay(date, now) ? toTime(timestamp) : soonFormat.format(date);
}

/** @type {(timestamp: string, now: Date) => string} the time of today, and the date of other days */
export function toShortDate(timestamp, now) {
  const date = new Date(timestamp);
  return isSameDay(date, now) ? toTime(timestamp) : shortDateFormat.format(date);
}

/** @type {(date: Date) => Date} */
const dayBefore = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate() - 1);

const toYesterday = () => capitalize(relativeFormat.format(-1, 'day'));

/** @type {(text: string) => string} it stands alone, as a sentence would */
const capitalize = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
