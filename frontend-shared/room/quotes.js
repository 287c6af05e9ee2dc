/** What a message replies to. Where it is not shown it is asked for, once. */
import { fetchMessage } from '../link/directory-api.js';
import { isNotFound } from '../link/http.js';
import { MAX_ASIDE } from './reading-bounds.js';
import { toPlainLine } from './rich-text.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */

/** @typedef {{ id: number, user: string, text: string, gone: boolean }} Quote Gone: deleted, or never there. */

/**
 * @typedef {object} Quotes
 * @property {(message: Message) => Quote | undefined} of
 * @property {(id: number) => Message | undefined} parent as far as it is known; else it is asked for
 * @property {(id: number) => Iterable<number>} quoting ids of messages that were asked about and reply to this one
 * @property {() => void} forget
 */

/**
 * @param {object} parts
 * @param {(id: number) => Message | undefined} parts.find among those that are known
 * @param {(message: Message) => void} parts.onLoaded
 * @param {(id: number) => void} parts.onGone
 * @returns {Quotes}
 */
export function createQuotes({ find, onLoaded, onGone }) {
  /** @type {Set<number>} asked for, whether or not there is an answer yet */
  let asked = new Set();
  /** @type {Set<number>} */
  let missing = new Set();
  /** @type {Map<number, Set<number>>} */
  let replies = new Map();

  /** @type {(id: number) => Promise<void>} */
  async function load(id) {
    asked.add(id);
    const current = asked;
    try {
      const message = await fetchMessage(id);
      if (current === asked) onLoaded(message);
    } catch (error) {
      if (current !== asked) return;
      // Only that is for ever; after anything else it is asked for again with the next drawing.
      if (!isNotFound(error)) return void asked.delete(id);
      missing.add(id);
      onGone(id);
    }
  }

  /** @type {(parent: number, id: number) => void} */
  function remember(parent, id) {
    const known = replies.get(parent);
    if (known) return void known.add(id);
    replies.set(parent, new Set([id]));
    const [oldest] = replies.keys();
    if (replies.size > MAX_ASIDE && oldest !== undefined) replies.delete(oldest);
  }

  /** @type {Quotes['parent']} */
  function parentOf(id) {
    const known = find(id);
    if (!known && !asked.has(id)) void load(id);
    return known;
  }

  return {
    parent: parentOf,
    of({ id, replyTo }) {
      if (replyTo === undefined) return undefined;
      remember(replyTo, id);
      const parent = parentOf(replyTo);
      const gone = parent?.deleted === true || missing.has(replyTo);
      const text = gone ? words.message.deleted : parent ? toPlainLine(parent.message) : '…';
      return { id: replyTo, user: parent?.user ?? '', text, gone };
    },
    quoting: (id) => replies.get(id) ?? [],
    forget() {
      replies = new Map();
      asked = new Set();
      missing = new Set();
    },
  };
}
