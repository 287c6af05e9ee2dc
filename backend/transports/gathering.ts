/**
 * When changes go out. Those of one turn of the event loop go together, so that a socket gets one write whatever the
 * burst; and under load a flush is followed by a pause four times as long as it took, so that batches grow when the core is
 * busy, and fan-out leaves it to others for most of the time.
 * What was gathered is handed on in batches of limited length, so that a reader that stops is noticed between two of them.
 */
import {
  HEAD_STARTS_PER_FLUSH,
  MAX_AWAIT_MORE_MS,
  MAX_BATCH_CHARS,
  MAX_FLUSH_PAUSE_MS,
  MAX_GATHER_MS,
  MAX_HEAD_START_MS,
  PAUSES_PER_FLUSH,
} from '../limits.ts';
import { bySeq } from './encoding.ts';
import type { Change } from '../conversation/change.ts';

export interface Gathering {
  add(changes: readonly Change[]): void;
  stop(): void;
}

/**
 * @param flush given the changes of each room in ascending order, each message once, as it is now. Of what is too long for
 *   one batch it is given several, one after the other, each above the one before.
 * @param onFlushed told how long it took since the first of the changes
 * @param isMoreComing whether there will be more changes as soon as the disk has taken them
 */
export function createGathering(
  flush: (changes: ReadonlyMap<string, readonly Change[]>) => void,
  onFlushed: (seconds: number) => void = () => {},
  isMoreComing: () => boolean = () => false,
): Gathering {
  let rooms = new Map<string, Map<number, Change>>();
  /** Of all that was added, those replaced since among them: not less than there is. */
  let chars = 0;
  let added = 0;
  let addedAtLastTurn = 0;
  let gatheringSince = 0;
  let quietUntil = 0;
  let headStartMs = 0;
  let turn: NodeJS.Immediate | undefined;
  let pause: NodeJS.Timeout | undefined;
  /** For what is on its way: the pause ends when it is there. */
  let isAwaiting = false;

  // Sockets are read one message a turn: while every turn brings more, the burst is not over.
  const atEndOfTurn = () => {
    turn = undefined;
    pause = undefined;
    const now = performance.now();
    if (added !== addedAtLastTurn && now - gatheringSince < MAX_GATHER_MS) {
      addedAtLastTurn = added;
      turn = setImmediate(atEndOfTurn);
    } else if (now < quietUntil) {
      pause = setTimeout(flushNow, quietUntil - now);
    } else if (now - gatheringSince < headStartMs) {
      // Of what is posted at once by many, the first is committed while the others are still being read: alone it would
      // cost as much to send as all of them.
      pause = setTimeout(atEndOfTurn, headStartMs - (now - gatheringSince));
    } else if (now - gatheringSince < MAX_AWAIT_MORE_MS && isMoreComing()) {
      // What is posted at once comes in two commits: the first of it, and what arrived while the disk took that.
      isAwaiting = true;
      pause = setTimeout(flushNow, MAX_AWAIT_MORE_MS - (now - gatheringSince));
    } else {
      flushNow();
    }
  };

  const flushNow = () => {
    pause = undefined;
    isAwaiting = false;
    const gathered = new Map([...rooms].map(([room, changes]) => [room, [...changes.values()]]));
    const batches = chars <= MAX_BATCH_CHARS ? [gathered] : cut([...gathered.values()].flat().toSorted(bySeq));
    rooms = new Map();
    chars = 0;
    const start = performance.now();
    for (const batch of batches) flush(batch);
    const end = performance.now();
    onFlushed((end - gatheringSince) / 1000);
    const startMs = Math.min((end - start) / HEAD_STARTS_PER_FLUSH, MAX_HEAD_START_MS);
    headStartMs = startMs < 1 ? 0 : startMs; // no timer is finer
    quietUntil = end + Math.min(PAUSES_PER_FLUSH * (end - start), MAX_FLUSH_PAUSE_MS);
  };

  return {
    add(changes) {
      for (const change of changes) {
        let room = rooms.get(change.room);
        if (room === undefined) rooms.set(change.room, (room = new Map<number, Change>()));
        room.delete(change.id); // a Map keeps the old place otherwise, and the order is that of the newest change
        room.set(change.id, change);
        chars += change.json.length;
      }
      added += changes.length;
      if (isAwaiting) {
        isAwaiting = false;
        clearTimeout(pause);
        pause = undefined;
      } else if (turn !== undefined || pause !== undefined) return;
      else gatheringSince = performance.now();
      addedAtLastTurn = added;
      turn = setImmediate(atEndOfTurn);
    },
    stop() {
      clearImmediate(turn);
      clearTimeout(pause);
      rooms.clear();
    },
  };
}

/** @returns the changes, which ascend over all rooms, in batches of limited length, or of one change that is longer */
function cut(changes: readonly Change[]): Map<string, Change[]>[] {
  const batches: Change[][] = [];
  let chars = Infinity;
  for (const change of changes) {
    chars += change.json.length;
    if (chars > MAX_BATCH_CHARS) {
      batches.push([]);
      chars = change.json.length;
    }
    batches.at(-1)?.push(change);
  }
  return batches.map((batch) => Map.groupBy(batch, ({ room }) => room));
}
