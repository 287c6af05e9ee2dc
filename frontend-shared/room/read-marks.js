/**
 * How far one has read in each room: the highest id that was seen, kept for all tabs of this browser and over reloads. Each
 * is kept with the journal that it is of: in another one ids begin anew, and nothing of it was read yet.
 */
import { ROOM_PATTERN } from '../side/room-name.js';
/** @import { Store } from '../storage.js' */

const PREFIX = 'since.read.';
/** An id, and the epoch of its journal where that was known. */
const KEPT = /^(\d{1,16})(?:-([a-z0-9]{1,16}))?$/;

/**
 * @typedef {object} ReadMarks
 * @property {(room: string) => number | undefined} lastRead an id; undefined in a room that was never read
 * @property {() => string[]} rooms in which something was read, in whatever journal
 * @property {(room: string, id: number) => void} markRead everything up to that id has been seen; it never goes back
 * @property {(epoch: string) => boolean} enter the journal that ids are of from now on; whether it is another than before
 */

/**
 * @param {Pick<Store, 'get' | 'set' | 'names'>} store shared by all tabs; a change in another one is a `storage` event
 * @returns {ReadMarks}
 */
export function createReadMarks(store) {
  /** @type {string | undefined} undefined before the server has said it */
  let journal;

  /** @type {ReadMarks['lastRead']} always as kept: another tab may have read on */
  function lastRead(room) {
    const [, id, epoch] = KEPT.exec(store.get(PREFIX + room) ?? '') ?? [];
    if (id === undefined || !Number.isSafeInteger(Number(id))) return undefined;
    return epoch === undefined || journal === undefined || epoch === journal ? Number(id) : 0;
  }

  return {
    lastRead,
    rooms() {
      const named = store.names().filter((name) => name.startsWith(PREFIX));
      return named.map((name) => name.slice(PREFIX.length)).filter((room) => ROOM_PATTERN.test(room));
    },
    markRead(room, id) {
      if (id <= (lastRead(room) ?? -1)) return;
      store.set(PREFIX + room, journal === undefined ? String(id) : `${id}-${journal}`);
    },
    enter(epoch) {
      const isOther = journal !== undefined && journal !== epoch;
      journal = epoch;
      return isOther;
    },
  };
}
