/** What is replied to, above the box one writes in. Kept for each room beside its draft. */
import { toPlainLine } from '../room/rich-text.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Store } from '../storage.js' */

/**
 * @typedef {object} ReplyBar
 * @property {(room: string, id: number | undefined) => void} set what the next message of the room replies to
 * @property {(room: string) => number | undefined} of
 * @property {() => void} redraw what is known of the message may have changed
 */

/**
 * @param {object} parts
 * @param {HTMLElement} parts.bar
 * @param {Store} parts.drafts
 * @param {() => string} parts.room that is shown
 * @param {(id: number) => Message | undefined} parts.find
 * @param {() => void} parts.onCancel
 * @returns {ReplyBar}
 */
export function createReplyBar({ bar, drafts, room, find, onCancel }) {
  const user = /** @type {HTMLElement} */ (bar.querySelector('[data-user]'));
  const text = /** @type {HTMLElement} */ (bar.querySelector('[data-text]'));
  const nameOf = (/** @type {string} */ where) => `since.reply.${where}`;

  /** @type {ReplyBar['of']} */
  const of = (where) => Number(drafts.get(nameOf(where))) || undefined;

  function redraw() {
    const id = of(room());
    const message = id === undefined ? undefined : find(id);
    bar.hidden = id === undefined;
    user.textContent = message?.user ?? '';
    text.textContent = message?.deleted ? words.message.deleted : toPlainLine(message?.message ?? '');
  }

  bar.querySelector('button')?.addEventListener('click', onCancel);

  return {
    of,
    redraw,
    set(where, id) {
      if (id === undefined) drafts.remove(nameOf(where));
      else drafts.set(nameOf(where), String(id));
      redraw();
    },
  };
}
