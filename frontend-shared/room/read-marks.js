/** How far one has read in each room: the highest id that was seen, kept for all tabs of this browser and over reloads. */
/** @import { Store } from '../storage.js' */

const PREFIX = 'since.read.';

/**
 * @typedef {object} ReadMarks
 * @property {(room: string) => number | undefined} lastRead an id; undefined in a room that was never read
 * @property {(room: string, id: number) => void} markRead everything up to that id has been seen; it never goes back
 * @property {(room: string) => void} forget the ids of that room begin anew: it is another journal
 */

/**
 * @param {Pick<Store, 'get' | 'set' | 'remove'>} store shared by all tabs; a change in another one is a `storage` event
 * @returns {ReadMarks}
 */
export function createReadMarks(store) {
  /** @type {ReadMarks['lastRead']} always as kept: another tab may have read on */
  function lastRead(room) {
    const kept = Number(store.get(PREFIX + room) ?? NaN);
    return Number.isSafeInteger(kept) && kept >= 0 ? kept : undefined;
  }

  return {
    lastRead,
    markRead(room, id) {
      if (id > (lastRead(room) ?? -1)) store.set(PREFIX + room, String(id));
    },
    forget: (room) => store.remove(PREFIX + room),
  };
}
