/**
 * What was said in rooms since one was last there. Counted by messages as they are now, not by numbers of changes: a
 * reaction is nothing to read, and neither is what was deleted before one came.
 */
import { mentions } from '../room/mentions.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { RoomSummary } from '../link/parse.js' */
/** @import { ReadMarks } from '../room/read-marks.js' */

/** Messages of a room that are counted; beyond, it is "many" to anybody. */
export const MAX_COUNTED = 100;

/** @typedef {{ count: number, isMentioned: boolean }} Unread `count` is at most `MAX_COUNTED` */

/**
 * @typedef {object} UnreadRooms
 * @property {(summary: Pick<RoomSummary, 'room' | 'seq'>) => number | undefined} sinceOf what a room is to be asked since;
 *   undefined where there is nothing to ask: it was never read, or all that changed in it is known
 * @property {(room: string, messages: readonly Message[], upTo?: number) => Message[]} take `upTo`: the seq up to which
 *   everything is known now. Gives those that speak to this person, and were not known before
 * @property {(room: string) => Unread} of
 * @property {() => void} forget it was of another journal
 */

/**
 * @param {object} parts
 * @param {Pick<ReadMarks, 'lastRead'>} parts.marks
 * @param {(message: Message) => boolean} parts.isOwn
 * @param {() => string} parts.name of this person; empty as long as they have none
 * @returns {UnreadRooms}
 */
export function createUnread({ marks, isOwn, name }) {
  /** @type {Map<string, { knownTo: number, unread: Map<number, boolean> }>} by room; by id, whether it speaks to them */
  const rooms = new Map();

  /** @type {(room: string, lastRead: number) => Map<number, boolean>} */
  function unreadOf(room, lastRead) {
    const unread = rooms.get(room)?.unread ?? /** @type {Map<number, boolean>} */ (new Map());
    for (const id of unread.keys()) if (id <= lastRead) unread.delete(id);
    return unread;
  }

  return {
    sinceOf({ room, seq }) {
      const lastRead = marks.lastRead(room);
      if (lastRead === undefined || unreadOf(room, lastRead).size >= MAX_COUNTED) return undefined;
      const since = Math.max(lastRead, rooms.get(room)?.knownTo ?? 0);
      return seq > since ? since : undefined;
    },
    take(room, messages, upTo = 0) {
      const lastRead = marks.lastRead(room);
      if (lastRead === undefined) return [];
      const unread = unreadOf(room, lastRead);
      rooms.set(room, { knownTo: Math.max(upTo, rooms.get(room)?.knownTo ?? 0), unread });
      const found = [];
      for (const one of messages) {
        const counts = one.id > lastRead && !one.deleted && !isOwn(one);
        if (!counts) {
          unread.delete(one.id);
        } else if (unread.size < MAX_COUNTED || unread.has(one.id)) {
          const speaksToThem = name() !== '' && mentions(one.message, name());
          if (speaksToThem && unread.get(one.id) !== true) found.push(one);
          unread.set(one.id, speaksToThem);
        }
      }
      return found;
    },
    of(room) {
      const lastRead = marks.lastRead(room);
      const unread = lastRead === undefined ? new Map() : unreadOf(room, lastRead);
      return { count: unread.size, isMentioned: [...unread.values()].includes(true) };
    },
    forget: () => rooms.clear(),
  };
}
