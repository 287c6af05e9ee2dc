/** The words of the pages, in the first language of the browser that there are any in. */
import { en } from './words/en.js';
/** @import { Words } from './words/en.js' */

/** English comes with the page; another language when it is wanted. */
/** @type {Map<string, () => Promise<Words>>} */
const LANGUAGES = new Map([
  ['en', async () => en],
  ['de', async () => (await import('./words/de.js')).de],
]);
/** Where in an element a word goes, by the attribute that names the word. */
const PLACES = ['text', 'aria-label', 'placeholder', 'title'];

/** @type {(tag: string) => string} `de` of `de-AT` */
const languageOf = (tag) => tag.split('-', 1)[0] ?? '';

/** @type {(wanted: readonly string[]) => string} `wanted` as `navigator.languages` gives them: `de-AT`, `en` */
export const chooseLocale = (wanted) => wanted.find((tag) => LANGUAGES.has(languageOf(tag))) ?? 'en';

const chosen = chooseLocale(navigator.languages);
// A page in the wrong language is better than none.
const found = await LANGUAGES.get(languageOf(chosen))?.().catch(() => undefined);

export const words = found ?? en;
/** How dates and numbers are written beside these words. */
export const locale = found ? chosen : 'en';

/**
 * The page comes in English, to be read before any script runs. Its elements name their words: `data-words-text` what
 * stands in them, `data-words-aria-label` and the like what stands in an attribute.
 * @param {Document} page
 */
export function translatePage(page) {
  if (words === en) return;
  page.documentElement.lang = locale;
  const roots = [page, ...[...page.querySelectorAll('template')].map(({ content }) => content)];
  for (const root of roots) {
    for (const place of PLACES) {
      for (const element of root.querySelectorAll(`[data-words-${place}]`)) {
        const word = wordOf(words, element.getAttribute(`data-words-${place}`) ?? '');
        if (place === 'text') element.textContent = word;
        else element.setAttribute(place, word);
      }
    }
  }
}

/**
 * @param {object} of
 * @param {string} path `rooms.open`
 * @returns {string}
 * @throws {Error} where there is no such word
 */
export function wordOf(of, path) {
  /** @type {unknown} */
  let word = of;
  for (const name of path.split('.')) word = /** @type {Record<string, unknown>} */ (word ?? {})[name];
  if (typeof word !== 'string') throw new Error(`There is no word "${path}"`);
  return word;
}
