/** Messages that are half written anew, kept for this tab: over a redraw, another room and a reload. */
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Store } from '../storage.js' */

const PREFIX = 'since.edit.';

/**
 * @typedef {object} Edits
 * @property {(message: Message) => string | undefined} of
 * @property {(message: Message, text: string) => void} keep
 * @property {(message: Message) => void} drop
 * @property {() => number[]} ids of messages with such a text, of any room
 */

/** @type {(own: Store) => Edits} `own` is of this tab alone, so what it holds is read once */
export function createEdits(own) {
  // With its time: in another journal the same id is another message.
  const nameOf = (/** @type {Message} */ { id, timestamp }) => `${PREFIX}${id}@${timestamp}`;
  const kept = new Set(own.names().filter((name) => name.startsWith(PREFIX)));
  return {
    of: (message) => (kept.has(nameOf(message)) ? (own.get(nameOf(message)) ?? undefined) : undefined),
    keep(message, text) {
      kept.add(nameOf(message));
      own.set(nameOf(message), text);
    },
    drop(message) {
      kept.delete(nameOf(message));
      own.remove(nameOf(message));
    },
    ids: () => [...kept].map((name) => Number.parseInt(name.slice(PREFIX.length), 10)),
  };
}
