/** What a message replies to. Where it is not shown it is asked for, once. */
import { fetchMessage } from './directory-api.js';
import { Refused } from './http.js';
import { toPlainLine } from './rich-text.js';
/** @import { Message } from '../protocol/envelope.ts' */

/** @typedef {{ id: number, user: string, text: string, gone: boolean }} Quote Gone: deleted, or never there. */

/**
 * @param {object} parts
 * @param {(id: number) => Message | undefined} parts.find among those that are known
 * @param {(message: Message) => void} parts.onLoaded
 * @param {() => void} parts.onGone
 * @returns {{ of: (message: Message) => Quote | undefined, forget: () => void }}
 */
export function createQuotes({ find, onLoaded, onGone }) {
  /** @type {Set<number>} asked for, whether or not there is an answer yet */
  let asked = new Set();
  /** @type {Set<number>} */
  let missing = new Set();

  /** @type {(id: number) => Promise<void>} */
  async function load(id) {
    asked.add(id);
    const current = asked;
    try {
      const message = await fetchMessage(id);
      if (current === asked) onLoaded(message);
    } catch (error) {
      if (!(error instanceof Refused)) return void asked.delete(id);
      missing.add(id);
      if (current === asked) onGone();
    }
  }

  return {
    of({ replyTo }) {
      if (replyTo === undefined) return undefined;
      const parent = find(replyTo);
      if (!parent && !asked.has(replyTo)) void load(replyTo);
      const gone = parent?.deleted === true || missing.has(replyTo);
      const text = gone ? 'Message deleted' : parent ? toPlainLine(parent.message) : '…';
      return { id: replyTo, user: parent?.user ?? '', text, gone };
    },
    forget() {
      asked = new Set();
      missing = new Set();
    },
  };
}
