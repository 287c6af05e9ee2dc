/** The words of the pages, in the first language of the browser that there are any in. */
import { en } from './words/en.js';

/** @typedef {typeof en} Words */

/** English comes with the page; another language when it is wanted. */
const LANGUAGES = new Map([
  ['en', async () => en],
  ['de', async () => (await import('./words/de.js')).de],
]);

/** @type {(wanted: readonly string[]) => string} `wanted` as `navigator.languages` gives them: `de-AT`, `en` */
export const chooseLanguage = (wanted) =>
  wanted.map((tag) => tag.split('-', 1)[0] ?? '').find((tag) => LANGUAGES.has(tag)) ?? 'en';

export const language = chooseLanguage(navigator.languages);
export const words = (await LANGUAGES.get(language)?.()) ?? en;
