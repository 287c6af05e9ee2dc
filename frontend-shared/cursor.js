/** A cursor is `<seq>-<epoch>`. The epoch stays with it, so that a journal that was replaced is noticed. */

/**
 * Move a cursor to a message that was streamed after it. Never back: what is older has been seen.
 * @type {(cursor: string, seq: number) => string}
 */
export function advance(cursor, seq) {
  const [reached = '', ...epoch] = cursor.split('-');
  return seq > Number(reached) ? [seq, ...epoch].join('-') : cursor;
}
