/** Emoji and what they are called, loaded when they are first asked for. */
import { locale } from '../words.js';

/**
 * @typedef {object} Emoji
 * @property {string} emoji
 * @property {string} name in the language of the page
 * @property {readonly string[]} codes short names, as in `:smile:`
 * @property {readonly string[]} words by which it is found too
 * @property {number} group
 * @property {readonly string[]} tones from light to dark; none for most
 */

/** @typedef {[emoji: string, name: string, codes: string, words: string, group: number, tones?: string[]]} Row */

/** @type {Promise<readonly Emoji[]> | undefined} */
let loaded;

/**
 * @returns {Promise<readonly Emoji[]>} all that this browser knows
 * @throws {Error} when they cannot be had; asked again, they are asked for again
 */
export function loadEmoji() {
  loaded ??= fetchEmoji().catch((/** @type {unknown} */ error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function fetchEmoji() {
  const [language] = locale.split('-', 1);
  const response = await fetch(`/emoji/${language}.json`);
  if (!response.ok) throw new Error(`The server answered ${response.status}`);
  const rows = /** @type {Row[]} */ (await response.json());
  const isKnown = createKnown();
  return rows.map(toEmoji).filter(({ emoji }) => isKnown(emoji));
}

/** @type {(row: Row) => Emoji} */
export const toEmoji = ([emoji, name, codes, words, group, tones = []]) => ({
  emoji,
  name,
  codes: codes.split(' ').filter(Boolean),
  words: words.split(' '),
  group,
  tones,
});

/** @type {() => (emoji: string) => boolean} one that is newer than the browser would be drawn as its parts, or as a box */
function createKnown() {
  try {
    // Not as a literal, which would be an error in all of the file where it is not understood.
    const known = new RegExp(String.raw`^\p{RGI_Emoji}$`, 'v');
    return (emoji) => known.test(emoji);
  } catch {
    return () => true;
  }
}

/**
 * What is called so comes first, then what has it in its name, then what it also stands for.
 * @type {(all: readonly Emoji[], query: string, limit?: number) => Emoji[]}
 */
export function searchEmoji(all, query, limit = Infinity) {
  const terms = query
    .toLowerCase()
    .split(/[\s:]+/)
    .filter(Boolean);
  if (terms.length === 0) return [];
  return all
    .map((one) => ({ one, rank: Math.max(...terms.map((term) => rankOf(one, term))) }))
    .filter(({ rank }) => rank < Infinity)
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map(({ one }) => one);
}

/** @type {({ codes, name, words }: Emoji, term: string) => number} less is better; the order of all decides between the same */
function rankOf({ codes, name, words }, term) {
  if (codes.includes(term)) return 0;
  const starting = codes.filter((code) => code.startsWith(term)).map(({ length }) => length);
  if (starting.length > 0) return 1 + Math.min(...starting) / 100;
  const named = name.toLowerCase();
  if (named.startsWith(term)) return 2;
  if (named.split(/[\s-]+/).some((word) => word.startsWith(term))) return 3;
  if (words.some((word) => word.startsWith(term))) return 4;
  return codes.some((code) => code.includes(term)) ? 5 : Infinity;
}

/** @type {(all: readonly Emoji[], code: string) => string | undefined} */
export const emojiOf = (all, code) => all.find(({ codes }) => codes.includes(code))?.emoji;
