/**
 * What came while nobody looked: how many that is, and after which message the line "New" stands. The line stays where it
 * is while one reads, and is gone when one has answered, or comes back to the room having read.
 */

/**
 * @typedef {object} NewLine
 * @property {() => number | undefined} after the id that the line stands after
 * @property {() => number} count how many have come that were not seen
 * @property {(lastRead: number | undefined, newest: number | undefined) => void} enter everything of a room is here that is
 *   not older
 * @property {(ids: readonly number[], isHidden: boolean) => void} missed messages of others came out of sight; `isHidden`:
 *   nobody is there to see the line move
 * @property {(newest: number) => void} saw everything up to that id
 * @property {() => void} answered
 * @property {() => void} forget
 */

/**
 * @param {() => void} onMoved
 * @returns {NewLine}
 */
export function createNewLine(onMoved) {
  /** @type {number | undefined} */
  let after;
  /** @type {number | undefined} */
  let seen;
  let count = 0;

  /** @type {(to: number | undefined) => void} */
  function move(to) {
    if (after === to) return;
    after = to;
    onMoved();
  }

  return {
    after: () => after,
    count: () => count,
    enter(lastRead, newest) {
      count = 0;
      seen = newest;
      move(lastRead !== undefined && newest !== undefined && newest > lastRead ? lastRead : undefined);
    },
    missed(ids, isHidden) {
      count += ids.length;
      if (ids.length > 0 && (after === undefined || isHidden)) move(seen);
    },
    saw(newest) {
      seen = newest;
      count = 0;
    },
    answered() {
      count = 0;
      move(undefined);
    },
    forget() {
      seen = undefined;
      count = 0;
      move(undefined);
    },
  };
}
