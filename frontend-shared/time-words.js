/** Time as people say it. */

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const soonFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const shortDateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const dayOfYearFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

/** @type {(timestamp: string) => string} */
export const toTime = (timestamp) => timeFormat.format(new Date(timestamp));

/** @type {(timestamp: string) => string} to the second, with its date */
export const toExactTime = (timestamp) => exactFormat.format(new Date(timestamp));

/**
 * @type {(timestamp: string, now: Date) => string}
 */
export function toDay(timestamp, now) {
  const date = new Date(timestamp);
  if (isSameDay(date, now)) return 'Today';
  if (isSameDay(date, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return 'Yesterday';
  return (date.getFullYear() === now.getFullYear() ? dayFormat : dayOfYearFormat).format(date);
}

/** @type {(a: Date, b: Date) => boolean} in the person's own time zone */
export const isSameDay = (a, b) => a.toDateString() === b.toDateString();

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
