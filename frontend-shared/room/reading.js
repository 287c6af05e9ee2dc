/** How far one has read: the line above what is new, how much of it there is, and what is kept of it for the next visit. */
import { createNewLine } from './new-line.js';
import { MARK_EVERY_MS } from './reading-bounds.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Conversation } from './conversation.js' */
/** @import { Reading } from './message-list.js' */
/** @import { PageLife } from '../link/page-life.js' */
/** @import { ReadMarks } from './read-marks.js' */

/**
 * @typedef {object} WhereOneReads
 * @property {() => number | undefined} lineAbove the id of the message that the line "New" stands above
 * @property {() => void} enter everything of the room is here that is not older
 * @property {(messages: readonly Message[]) => void} arrived those of others
 * @property {() => void} moved the view, or what is in it
 * @property {() => void} answered
 * @property {() => void} leave
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {ReadMarks} parts.marks
 * @param {PageLife} parts.life
 * @param {HTMLElement} parts.button to the end
 * @param {() => boolean} parts.isAtEnd
 * @param {Pick<Conversation, 'isAtNewest' | 'newest' | 'following' | 'touch'>} parts.conversation
 * @param {(message: Message) => boolean} parts.isOwn
 * @returns {WhereOneReads}
 */
export function createReading({ room, marks, life, button, isAtEnd, conversation, isOwn }) {
  let isEntered = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let keeping;
  /** As it was drawn last. @type {Message | undefined} */
  let below;

  const line = createNewLine(() => {
    const both = [below, firstNew()].filter((one) => one !== undefined);
    conversation.touch(both.map(({ id }) => id));
  });

  /** @type {(after: number) => Message | undefined} what one wrote oneself is never new */
  function firstOfOthers(after) {
    const next = conversation.following(after);
    return next && isOwn(next) ? firstOfOthers(next.id) : next;
  }

  /** @returns {Message | undefined} also where it is not shown from there on */
  function firstNew() {
    const after = line.after();
    const isThere = after !== undefined && (conversation.following(0)?.id ?? Infinity) <= after;
    return isThere ? firstOfOthers(after) : undefined;
  }

  const isWatched = () => !life.isHidden() && isAtEnd() && conversation.isAtNewest();

  function keep() {
    clearTimeout(keeping);
    keeping = undefined;
    const newest = conversation.newest();
    if (isEntered && newest !== undefined && isWatched()) marks.markRead(room(), newest);
  }

  function moved() {
    if (!isEntered) return;
    const newest = conversation.newest();
    if (newest !== undefined && isWatched()) {
      line.saw(newest);
      // Not at once: many come in a second, and it is kept for all tabs.
      keeping ??= setTimeout(keep, MARK_EVERY_MS);
    }
    const count = isAtEnd() ? 0 : line.count();
    const text = count === 0 ? words.list.toEnd : words.list.toEndNew(count);
    if (button.textContent !== text) button.textContent = text;
    const isThere = isAtEnd() && conversation.isAtNewest();
    if (button.hidden !== isThere) button.hidden = isThere;
  }

  life.listen((event) => {
    if (event === 'shown') moved();
  });
  // Before it is hidden it has been seen, also the last of it.
  document.addEventListener('visibilitychange', () => document.hidden && isEntered && keepHidden());
  addEventListener('pagehide', keepHidden);

  function keepHidden() {
    const newest = conversation.newest();
    if (isEntered && newest !== undefined && isAtEnd() && line.count() === 0) marks.markRead(room(), newest);
  }

  return {
    lineAbove() {
      below = firstNew();
      return below?.id;
    },
    enter() {
      if (isEntered) return;
      isEntered = true;
      const newest = conversation.newest();
      const lastRead = marks.lastRead(room());
      const isNews = lastRead !== undefined && firstOfOthers(lastRead) !== undefined;
      line.enter(isNews ? lastRead : undefined, newest);
      moved();
    },
    arrived(messages) {
      if (!isEntered) return;
      if (!isWatched())
        line.missed(
          messages.map(({ id }) => id),
          life.isHidden(),
        );
    },
    moved,
    answered: line.answered,
    leave() {
      keep();
      isEntered = false;
      line.forget();
    },
  };
}

/** @type {(state: unknown) => Reading | undefined} as a browser keeps it with an address; it may be another's */
export function toReading(state) {
  if (typeof state !== 'object' || state === null || !('id' in state) || !('top' in state)) return undefined;
  const { id, top } = state;
  return typeof id === 'number' && typeof top === 'number' ? { id, top } : undefined;
}
