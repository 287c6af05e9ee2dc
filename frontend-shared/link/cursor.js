/** A cursor is `<seq>-<epoch>`. The epoch stays with it, so that a journal that was replaced is noticed. */

/**
 * Move a cursor to a message that was streamed after it. Never back: what is older has been seen.
 * @type {(cursor: string, seq: number) => string}
 */
export function advance(cursor, seq) {
  const [reached = '', ...epoch] = cursor.split('-');
  return seq > Number(reached) ? [seq, ...epoch].join('-') : cursor;
}

/** @type {(cursor: string) => string} the journal that it is of */
export const epochOf = (cursor) => cursor.slice(cursor.indexOf('-') + 1);

/**
 * Whether who has read up to `cursor` has read everything up to `other`. Of another journal nothing is known.
 * @type {(cursor: string | undefined, other: string) => boolean}
 */
export const reaches = (cursor, other) =>
  cursor !== undefined &&
  epochOf(cursor) === epochOf(other) &&
  Number.parseInt(cursor, 10) >= Number.parseInt(other, 10);
