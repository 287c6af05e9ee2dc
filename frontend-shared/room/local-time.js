/** A moment as `<input type="datetime-local">` has it: in the person's own time zone, to the minute. */

/** @type {(date: Date) => string} */
export function toLocal(date) {
  const minutes = date.getTimezoneOffset();
  return new Date(date.getTime() - minutes * 60_000).toISOString().slice(0, 16);
}

/** @type {(local: string) => string | undefined} ISO 8601 in UTC; undefined when it is no moment */
export function toInstant(local) {
  // Without a zone at its end, a date with a time is read as local.
  const date = new Date(local);
  return local === '' || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
