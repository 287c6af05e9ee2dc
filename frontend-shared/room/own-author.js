/**
 * Which messages are one's own. The identity is a cookie that no script can read; so its public name is learnt from what
 * was posted from here, told by the key that nobody else has.
 */
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Store } from '../storage.js' */

const NAME = 'since.author';

/** @type {(store: Pick<Store, 'get'>, message: Message) => boolean} as kept now, by whichever tab */
export const isOwn = (store, { author }) => author !== undefined && author === store.get(NAME);

/**
 * @typedef {object} OwnAuthor
 * @property {() => string | undefined} current undefined as long as it is not known
 * @property {(message: Message) => boolean} wrote false too as long as it is not known
 * @property {(author: string | undefined) => void} learn of a message that was posted from here
 * @property {() => void} forget the server says that it is another
 * @property {(name: string | null) => void} reread another tab has changed that name in the store; null: all of them
 */

/**
 * @param {Store} store shared by all tabs, as the identity is
 * @param {() => void} onChanged it is known now, or another than before
 * @returns {OwnAuthor}
 */
export function createOwnAuthor(store, onChanged) {
  // Read once: it is asked about at every message.
  let own = store.get(NAME);

  return {
    current: () => own ?? undefined,
    wrote: ({ author }) => author !== undefined && author === own,
    learn(author) {
      if (author === undefined || author === own) return;
      own = author;
      store.set(NAME, author);
      onChanged();
    },
    forget() {
      own = null;
      store.remove(NAME);
      onChanged();
    },
    reread(name) {
      const kept = store.get(NAME);
      if ((name !== NAME && name !== null) || kept === own) return;
      own = kept;
      onChanged();
    },
  };
}
