/** Who is spoken to in a text: `@Mira`, also by a name of several words where it is known. Pure. */
import { readMarks } from './rich-text.js';

/** @typedef {{ start: number, end: number, name: string }} Mention `name` without the @, as it stands in the text */

/** In front of it there is no word, nor what leads an address on: `mira@example.org`, `/@mira`. */
const AT = /(?<![\p{L}\p{N}\p{M}_/@.])@(?=[^\s@])/gu;
/** A name that nobody is known by: one word, which may have dots and dashes in it. */
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*(?:[-.][\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*)*/uy;
/** The name goes on, and is another one: `@Anna-Lena` is not `@Anna`. */
const GOES_ON = /[\p{L}\p{N}\p{M}_]|[-.][\p{L}\p{N}]/uy;

/**
 * Where people are mentioned in a text without marks.
 * @type {(text: string, known?: Iterable<string>) => Mention[]} `known`: the longest of them that fits counts
 */
export function findMentions(text, known = []) {
  /** @type {Mention[]} */
  const found = [];
  if (!text.includes('@')) return found;
  const names = [...known].filter((name) => name !== '').toSorted((a, b) => b.length - a.length);
  for (const { index } of text.matchAll(AT)) {
    const start = index;
    if (start < (found.at(-1)?.end ?? 0)) continue;
    const length = names.find((one) => standsAt(text, start + 1, one))?.length ?? wordLength(text, start + 1);
    const end = start + 1 + length;
    if (length > 0) found.push({ start, end, name: text.slice(start + 1, end) });
  }
  return found;
}

/**
 * Whether a message speaks to somebody. What stands in code or in an address speaks to nobody.
 * @type {(text: string, name: string, others?: Iterable<string>) => boolean} `others`: names that are known, which may
 *   begin with this one
 */
export function mentions(text, name, others = []) {
  const known = [name.trim(), ...others];
  return readMarks(text).some(
    (token) => token.type === 'text' && findMentions(token.raw, known).some((one) => isSameName(one.name, name.trim())),
  );
}

/** @type {(a: string, b: string) => boolean} as people read them: small and capital letters are the same */
export const isSameName = (a, b) => fold(a) === fold(b);

/** @type {(text: string, at: number, name: string) => boolean} */
function standsAt(text, at, name) {
  GOES_ON.lastIndex = at + name.length;
  return isSameName(text.slice(at, at + name.length), name) && !GOES_ON.test(text);
}

/** @type {(text: string, at: number) => number} */
function wordLength(text, at) {
  WORD.lastIndex = at;
  return WORD.exec(text)?.[0].length ?? 0;
}

/** @type {(name: string) => string} */
const fold = (name) => name.normalize('NFC').toLowerCase();
