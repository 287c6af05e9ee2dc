/**
 * Which messages are one's own. The identity is a cookie that no script can read; so its public name is learnt from what
 * was posted from here, told by the key that nobody else has.
 */
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Store } from './storage.js' */

const NAME = 'since.author';

/**
 * @typedef {object} OwnAuthor
 * @property {(message: Message) => boolean} wrote false too as long as it is not known
 * @property {(author: string | undefined) => void} learn of a message that was posted from here
 * @property {() => void} forget the server says that it is another
 */

/**
 * @param {Store} store shared by all tabs, as the identity is
 * @param {() => void} onChanged it is known now, or another than before
 * @returns {OwnAuthor}
 */
export function createOwnAuthor(store, onChanged) {
  return {
    wrote: ({ author }) => author !== undefined && author === store.get(NAME),
    learn(author) {
      if (author === undefined || author === store.get(NAME)) return;
      store.set(NAME, author);
      onChanged();
    },
    forget() {
      store.remove(NAME);
      onChanged();
    },
  };
}
