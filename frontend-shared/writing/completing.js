/** Which word is being written, and what it may become: `@mi` a name, `:smi` an emoji. Pure. */
import { emojiOf, searchEmoji } from './emoji.js';
/** @import { Emoji } from './emoji.js' */
/** @import { TextChange } from './formatting.js' */

/** How many are offered: what one takes in at a glance, and what stands above an on-screen keyboard. */
const MAX_OFFERED = 6;

/** @typedef {{ kind: 'name' | 'emoji', start: number, query: string }} Asked `start`: where its sign stands */
/** @typedef {{ insert: string, sign: string, label: string }} Offer `sign` is for the eyes */

/** Names may have spaces in them; how many is seen by what fits. */
const NAME = /(?<![\p{L}\p{N}\p{M}_/@.])@([^\s@][^\n@]{0,40}|)$/u;
/** Two letters at least: `:D` and `10:30` are not meant, nor is an address. */
const EMOJI = /(?<![\p{L}\p{N}:/])(:[\p{L}\p{N}_+-]{2,40})$/u;
const CLOSED = /(?<![\p{L}\p{N}:/]):([a-z0-9_+-]{1,40}):$/u;

/** @type {(text: string, caret: number) => Asked | undefined} */
export function toAsked(text, caret) {
  const before = text.slice(Math.max(0, caret - 60), caret);
  const emoji = EMOJI.exec(before)?.[1];
  if (emoji !== undefined) return { kind: 'emoji', start: caret - emoji.length, query: emoji.slice(1) };
  const name = NAME.exec(before)?.[1];
  return name === undefined ? undefined : { kind: 'name', start: caret - name.length - 1, query: name };
}

/** @type {(query: string, names: readonly string[]) => Offer[]} `names`: those who are most likely meant first */
export function offerNames(query, names) {
  const wanted = fold(query);
  return names
    .filter((name) => fold(name).startsWith(wanted) || (wanted !== '' && fold(name).includes(` ${wanted}`)))
    .filter((name) => fold(name) !== wanted)
    .slice(0, MAX_OFFERED)
    .map((name) => ({ insert: `@${name} `, sign: '@', label: name }));
}

/** @type {(query: string, all: readonly Emoji[]) => Offer[]} */
export const offerEmoji = (query, all) =>
  searchEmoji(all, query, MAX_OFFERED).map(({ emoji, codes: [code], name }) => ({
    insert: `${emoji} `,
    sign: emoji,
    label: code === undefined ? name : `:${code}:`,
  }));

/** @type {(asked: Asked, text: string, caret: number, offer: Offer) => TextChange} */
export function toTaken({ start }, text, caret, { insert }) {
  // Where a space follows already, it serves.
  const piece = /^\s/.test(text.slice(caret)) ? insert.trimEnd() : insert;
  const end = start + piece.length;
  return { start, end: caret, text: piece, selectionStart: end, selectionEnd: end };
}

/** @type {(text: string, caret: number, all: readonly Emoji[]) => TextChange | undefined} `:smile:`, as its last colon is written */
export function toClosed(text, caret, all) {
  const code = CLOSED.exec(text.slice(Math.max(0, caret - 50), caret))?.[1];
  const emoji = code === undefined ? undefined : emojiOf(all, code);
  if (code === undefined || emoji === undefined) return undefined;
  const start = caret - code.length - 2;
  const end = start + emoji.length;
  return { start, end: caret, text: emoji, selectionStart: end, selectionEnd: end };
}

/** @type {(text: string) => string} */
const fold = (text) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
