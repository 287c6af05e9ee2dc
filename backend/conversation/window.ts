/** The newest changes, oldest first, so that "what came after N?" is a slice of an array in memory. */
import { firstAbove } from '../ascending.ts';
import { MAX_WINDOW_CHANGES, MAX_WINDOW_CHARS } from '../limits.ts';
import type { Change, Page } from './change.ts';

export interface Window {
  /** In order of seq. */
  add(change: Change): void;
  /** @returns undefined when the message did not change within the window: ask the store */
  message(id: number): Change | undefined;
  /** @returns each message of the room that changed after `since`, once; undefined: ask the store */
  after(room: string, since: number, limit: number): Page | undefined;
  /** @returns the room's newest messages by id, without the deleted; undefined: ask the store */
  newest(room: string, limit: number): Page | undefined;
}

interface Room {
  /** In order of seq; a message that changed twice stands here twice. */
  readonly changes: Change[];
  /** In order of id: the messages that came into being within the window. */
  readonly ids: number[];
}

/** @param startsAfter the last seq that the window does not hold; 0 for a new chat */
export function createWindow(
  startsAfter: number,
  { maxChanges = MAX_WINDOW_CHANGES, maxChars = MAX_WINDOW_CHARS } = {},
): Window {
  const all: Change[] = [];
  const rooms = new Map<string, Room>();
  const newestById = new Map<number, Change>();
  let oldest = 0; // index in `all`; what is before it is gone, and cut off now and then
  let storeOnly = startsAfter;
  let chars = 0;

  const isNewest = (change: Change) => newestById.get(change.id) === change;

  const isOverBounds = () => all.length - oldest > maxChanges || chars > maxChars;

  const dropOldest = () => {
    const change = all[oldest++];
    const room = change && rooms.get(change.room);
    if (change === undefined || room === undefined) return;
    chars -= change.json.length;
    storeOnly = change.seq;
    if (isNewest(change)) newestById.delete(change.id);
    room.changes.shift();
    while ((room.ids[0] ?? Infinity) <= storeOnly) room.ids.shift();
    if (room.changes.length === 0) rooms.delete(change.room);
    if (oldest > maxChanges) {
      all.splice(0, oldest);
      oldest = 0;
    }
  };

  return {
    add(change) {
      let room = rooms.get(change.room);
      if (room === undefined) rooms.set(change.room, (room = { changes: [], ids: [] }));
      if (change.id > storeOnly && !newestById.has(change.id)) insertAscending(room.ids, change.id);
      room.changes.push(change);
      all.push(change);
      newestById.set(change.id, change);
      chars += change.json.length;
      while (isOverBounds()) dropOldest();
    },
    message: (id) => newestById.get(id),
    after(name, since, limit) {
      if (since < storeOnly) return undefined;
      const changes = rooms.get(name)?.changes ?? [];
      const found: Change[] = [];
      const first = firstAbove(since, changes.length, (index) => changes[index]?.seq ?? 0);
      for (let index = first; index < changes.length; index++) {
        const change = changes[index];
        if (change === undefined || !isNewest(change)) continue;
        if (found.length === limit) return { changes: found, hasMore: true };
        found.push(change);
      }
      return { changes: found, hasMore: false };
    },
    newest(name, limit) {
      const ids = rooms.get(name)?.ids ?? [];
      const found: Change[] = [];
      for (let index = ids.length - 1; index >= 0; index--) {
        const change = newestById.get(ids[index] ?? 0);
        if (change === undefined || change.isDeleted) continue;
        if (found.length === limit) return { changes: found.toReversed(), hasMore: true };
        found.push(change);
      }
      // There may be older ones in the store, unless everything that ever was is here.
      return storeOnly === 0 ? { changes: found.toReversed(), hasMore: false } : undefined;
    },
  };
}

// At the end, but for messages that changed before the window was filled from a store, in order of their changes.
function insertAscending(ids: number[], id: number): void {
  let index = ids.length;
  while (index > 0 && (ids[index - 1] ?? 0) > id) index--;
  ids.splice(index, 0, id);
}
