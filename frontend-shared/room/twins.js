/** Tells people of the same name apart: names are free, so two may have one, or one may take another's. */
/** @import { Message } from '../../protocol/envelope.ts' */

/** Letters of the author's public id that are shown: enough for the few who share a name. */
const LETTERS = 3;
/** Names that are remembered; whoever was seen longest ago is forgotten first. */
const MAX_NAMES = 2_000;

/**
 * @typedef {object} Twins
 * @property {(message: Message) => string} markOf what is shown beside the name; empty as long as nobody else has that name
 * @property {() => void} forget
 */

/**
 * @param {string} anonymous what is shown for those without identity, of whom there may be many
 * @param {() => void} onTwin a name that was one person's is now that of two
 * @returns {Twins}
 */
export function createTwins(anonymous, onTwin) {
  /** @type {Map<string, Set<string | undefined>>} authors by name, as far as they were seen */
  let authors = new Map();

  /** @type {(name: string) => Set<string | undefined>} */
  function remember(name) {
    const known = /** @type {Set<string | undefined>} */ (new Set());
    authors.set(name, known);
    const [oldest] = authors.keys();
    if (authors.size > MAX_NAMES && oldest !== undefined) authors.delete(oldest);
    return known;
  }

  return {
    markOf({ user, author, deleted }) {
      if (deleted) return '';
      const name = toFolded(user);
      const known = authors.get(name) ?? remember(name);
      if (known.size === 1 && !known.has(author)) onTwin();
      if (known.size < 2) known.add(author);
      return known.size > 1 ? (author?.slice(0, LETTERS) ?? anonymous) : '';
    },
    forget: () => void (authors = new Map()),
  };
}

/** @type {(name: string) => string} names that look alike are alike */
const toFolded = (name) => name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ');
