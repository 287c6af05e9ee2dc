/**
 * What is known of one room: gathered as it arrives, and drawn some times a second however much that was. Of a long
 * conversation a stretch is shown: the newest, or one of long ago, to which what comes before and after is added as one
 * gets there, and from whose far end as much is let go. So neither the page nor its memory grows with what was said.
 */
import { KEPT_NEWEST, MAX_ASIDE, MAX_SHOWN, SHOWN_SLACK } from './reading-bounds.js';
import { createPace } from './pace.js';
import { createTimeline } from './timeline.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Timeline } from './timeline.js' */

/**
 * @typedef {object} Stretch Everything that was said between two ids.
 * @property {Timeline} messages
 * @property {number | undefined} from the first id that would be here; 0 when there is nothing older, undefined as long
 *   as the newest are still coming
 * @property {number} to the first id that would not be here any more; infinite for the newest
 */
/**
 * @typedef {object} Drawing
 * @property {Timeline} messages
 * @property {ReadonlySet<number>} ids that are new, changed, or gone
 * @property {boolean} isAnew another stretch than before, of which all is to be drawn
 * @property {boolean} isNewest nothing is left out at its end
 * @property {boolean} hasOld some of it was said before what was shown already
 */
/**
 * @typedef {object} Conversation
 * @property {(messages: readonly Message[]) => void} take
 * @property {(messages: readonly Message[], isAll: boolean) => void} takeOlder what came before the oldest that is shown;
 *   `isAll`: and before that there is nothing
 * @property {(messages: readonly Message[], to: number) => void} takeNewer what follows the newest that is shown, up to
 *   below that id
 * @property {(messages: readonly Message[], isAll: boolean, to: number) => void} startAt shows these and no others: a page
 *   of what came before the id `to`
 * @property {() => void} toNewest
 * @property {() => boolean} isAtNewest nothing is left out at the end of what is shown
 * @property {() => boolean} isComplete nothing came before what is shown
 * @property {() => void} caughtUp everything is here, but for what is older
 * @property {() => void} forget
 * @property {() => void} hold draws nothing, as what was kept of it is about to come
 * @property {() => void} letGo
 * @property {() => number | undefined} oldest the oldest id that is shown, or is about to be
 * @property {() => number} end the first id that is not shown any more; infinite at the newest
 * @property {() => number | undefined} newest the newest id there is
 * @property {(after: number) => Message | undefined} following the first that is shown after that id
 * @property {(isWanted: (message: Message) => boolean) => Message | undefined} findLast among the newest
 * @property {(key: string) => boolean} hasKey whether what was written with that key has arrived lately
 * @property {(id: number) => Message | undefined} find also among those that are not shown
 * @property {(message: Message) => void} know to be found, and to be shown only in its place
 * @property {(ids: Iterable<number>) => void} touch something beside these messages changed
 * @property {() => void} touchAll
 */

/**
 * @param {object} parts
 * @param {(drawing: Drawing) => void} parts.draw
 * @param {() => number | 'end'} parts.reader the id of the message that is read
 * @param {(id: number) => boolean} parts.isHeld somebody is busy in it: it is not to be let go
 * @param {(id: number) => Iterable<number>} parts.quoting ids of messages that show something of this one
 * @param {(messages: readonly Message[]) => void} parts.onArrived new ones, after everything had been here
 * @returns {Conversation}
 */
export function createConversation({ draw, reader, isHeld, quoting, onArrived }) {
  /** @type {Stretch} */
  let newest = { messages: createTimeline(), from: undefined, to: Infinity };
  /** The same as the newest, but for one who reads what was said long ago. @type {Stretch} */
  let shown = newest;
  /** Not shown: a change may come of any message, and would stand beside strangers. @type {Map<number, Message>} */
  let aside = new Map();
  /** @type {Message[]} */
  let arrived = [];
  /** @type {Message[]} */
  let added = [];
  /** @type {Set<number>} */
  let ids = new Set();
  let isAnew = false;
  let hasOld = false;
  /** @type {Set<string>} */
  let keys = new Set();
  const pace = createPace(drawNow);
  const { changed } = pace;

  /** @type {(stretch: Stretch, message: Message) => void} */
  function put(stretch, message) {
    if (stretch.messages.put(message) === undefined || stretch !== shown) return;
    touch(message.id);
  }

  /** @type {(id: number) => void} */
  function touch(id) {
    ids.add(id);
    for (const other of quoting(id)) ids.add(other);
  }

  /** @type {(message: Message) => void} */
  function putAside(message) {
    if ((aside.get(message.id)?.seq ?? 0) >= message.seq) return;
    aside.delete(message.id);
    aside.set(message.id, message);
    for (const oldest of aside.keys()) {
      if (aside.size <= MAX_ASIDE) break;
      aside.delete(oldest);
    }
    touch(message.id);
  }

  function settle() {
    const messages = arrived;
    arrived = [];
    for (const message of messages) {
      const { id, key } = message;
      if (key !== undefined) rememberKey(key);
      const isNewest = id >= (newest.from ?? 0);
      const isShown = shown !== newest && id >= (shown.from ?? 0) && id < shown.to;
      if (isNewest && newest.from !== undefined && !newest.messages.get(id)) added.push(message);
      if (isNewest) put(newest, message);
      if (isShown) put(shown, message);
      if (!isNewest && !isShown) putAside(message);
    }
    if (shown !== newest) dropFirst(newest, newest.messages.size() - KEPT_NEWEST);
  }

  /** @type {(key: string) => void} */
  function rememberKey(key) {
    keys.add(key);
    const [oldest] = keys;
    if (keys.size > MAX_ASIDE && oldest !== undefined) keys.delete(oldest);
  }

  /** @type {(stretch: Stretch, count: number) => Message[]} */
  function dropFirst(stretch, count) {
    if (count <= 0) return [];
    const held = stretch === shown ? firstHeld(stretch.messages, count) : count;
    const dropped = stretch.messages.dropFirst(held);
    if (dropped.length > 0) stretch.from = stretch.messages.at(0)?.id;
    return dropped;
  }

  /** @type {(messages: Timeline, count: number) => number} how many there are before the first that is not to be let go */
  function firstHeld(messages, count) {
    for (let index = 0; index < count; index += 1) if (isHeld(messages.at(index)?.id ?? 0)) return index;
    return count;
  }

  const surplus = () => shown.messages.size() - MAX_SHOWN;

  /** @type {() => Message[]} what is farthest from the one who reads, when there is too much */
  function letGo() {
    if (surplus() <= SHOWN_SLACK || newest.from === undefined || isAnew) return [];
    const at = reader();
    if (at === 'end' || shown.messages.indexOf(at) > shown.messages.size() / 2) return dropFirst(shown, surplus());
    const dropped = shown.messages.dropLast(surplus());
    const first = dropped[0]?.id ?? Infinity;
    if (shown === newest) {
      shown = { ...shown };
      const kept = createTimeline(dropped.slice(-KEPT_NEWEST));
      newest = { messages: kept, from: kept.at(0)?.id, to: Infinity };
    }
    shown.to = first;
    return dropped;
  }

  /** What follows has been loaded up to where the newest begin. */
  function join() {
    if (shown === newest || newest.from === undefined || shown.to < newest.from) return;
    const before = newest.messages;
    newest = shown;
    newest.to = Infinity;
    for (let index = 0; index < before.size(); index += 1) {
      const message = before.at(index);
      if (message) put(newest, message);
    }
  }

  function drawNow() {
    // In a frame of its own: browsers can tell that nothing moves while something goes at one end, or while something
    // comes at the other, but not when both happen at once.
    const gone = letGo();
    if (gone.length > 0) {
      const left = new Set(gone.map(({ id }) => id));
      draw({ messages: shown.messages, ids: left, isAnew: false, hasOld: false, isNewest: shown === newest });
      return pace.goOn();
    }
    settle();
    const drawing = { messages: shown.messages, ids, isAnew, hasOld, isNewest: shown === newest };
    const news = added;
    ids = new Set();
    added = [];
    isAnew = false;
    hasOld = false;
    if (news.length > 0) onArrived(news);
    draw(drawing);
    if (drawing.ids.size > 0 && surplus() > SHOWN_SLACK) pace.goOn();
  }

  /** @type {(stretch: Stretch, messages: readonly Message[]) => void} what was put aside meanwhile may be newer than a page */
  function putPage(stretch, messages) {
    hasOld = true;
    for (const message of messages) {
      put(stretch, message);
      const other = aside.get(message.id);
      if (other) put(stretch, other);
      aside.delete(message.id);
    }
    changed();
  }

  return {
    take(messages) {
      if (messages.length === 0) return;
      arrived.push(...messages);
      changed();
    },
    takeOlder(messages, isAll) {
      settle();
      // Of nothing it is not known where it begins.
      if (isAll || messages.length > 0) shown.from = isAll ? 0 : Math.min(shown.from ?? Infinity, idOfFirst(messages));
      putPage(shown, messages);
    },
    takeNewer(messages, to) {
      settle();
      if (shown === newest) return;
      shown.to = to;
      putPage(shown, messages);
      join();
    },
    startAt(messages, isAll, to) {
      settle();
      shown = { messages: createTimeline(), from: isAll ? 0 : Math.min(to, idOfFirst(messages)), to };
      isAnew = true;
      putPage(shown, messages);
      join();
    },
    toNewest() {
      if (shown === newest) return;
      settle();
      shown = newest;
      isAnew = true;
      changed();
    },
    isAtNewest: () => shown === newest,
    isComplete: () => shown.from === 0,
    caughtUp() {
      settle();
      newest.from ??= newest.messages.at(0)?.id ?? 0;
    },
    find(id) {
      settle();
      return newest.messages.get(id) ?? shown.messages.get(id) ?? aside.get(id);
    },
    know(message) {
      settle();
      if (!newest.messages.get(message.id) && !shown.messages.get(message.id)) putAside(message);
      changed();
    },
    forget() {
      newest = { messages: createTimeline(), from: undefined, to: Infinity };
      shown = newest;
      aside = new Map();
      arrived = [];
      added = [];
      keys = new Set();
      isAnew = true;
      changed();
    },
    hold: pace.hold,
    letGo: pace.letGo,
    hasKey: (key) => keys.has(key),
    oldest() {
      settle();
      return shown.messages.at(0)?.id;
    },
    newest() {
      settle();
      return newest.messages.at(-1)?.id;
    },
    end: () => shown.to,
    findLast(isWanted) {
      settle();
      for (let index = newest.messages.size() - 1; index >= 0; index -= 1) {
        const message = newest.messages.at(index);
        if (message && isWanted(message)) return message;
      }
      return undefined;
    },
    following(after) {
      settle();
      return shown.messages.at(shown.messages.indexOf(after + 1));
    },
    touch(some) {
      for (const id of some) ids.add(id);
      pace.goOn(); // what one does is seen at once, however much comes
    },
    touchAll() {
      isAnew = true;
      changed();
    },
  };
}

/** @type {(messages: readonly Message[]) => number} infinite where there are none */
const idOfFirst = (messages) => Math.min(...messages.map(({ id }) => id));
