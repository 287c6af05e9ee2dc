/** What is searched, as FTS5 has it: texts without accents, rooms as one word, and its own language for what a person typed. */
import { MAX_SEARCH_TERMS } from '../limits.ts';

// SQLite knows those on Latin letters only. Hebrew and Arabic points are left out by most who write.
const ACCENTS =
  /[\u0300-\u036f]|[\u0591-\u05bd]|\u05bf|[\u05c1-\u05c2]|[\u064b-\u0652]|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;

/** @returns the text in small letters without accents, of which only those go that are put above, below and through */
export function fold(text: string): string {
  return text.toLowerCase().normalize('NFKD').replaceAll(ACCENTS, '');
}

/** @returns FTS5's own language, in which everything that a person typed is quoted; undefined when there is no word */
export function toExpression(query: string, room: string | undefined): string | undefined {
  const terms = [...fold(query.replaceAll('\0', ' ')).matchAll(/"([^"]*)"?|([^\s"]+)/g)]
    .map(([, phrase, word]) => toTerm(phrase ?? word ?? '', phrase !== undefined))
    .filter(({ text }) => /[\p{L}\p{N}\p{Co}]/u.test(text))
    .slice(0, MAX_SEARCH_TERMS)
    // Who looks for "mess" and "message" looks for "message": each word costs, and that one tells nothing.
    .filter((term, at, all) => !all.some((one, where) => implies(one, term) && (where < at || !implies(term, one))))
    .map(({ text, isBeginning }) => (isBeginning ? `"${text}"*` : `"${text}"`));
  if (terms.length === 0) return undefined;
  const words = `text : (${terms.join(' AND ')})`;
  return room === undefined ? words : `room : "${toWord(room)}" AND ${words}`;
}

/** @returns the room's name as one word to FTS5, so that no other room is found by a part of its own */
export function toWord(room: string): string {
  return room.replaceAll('-', '\u{e000}');
}

interface Term {
  text: string;
  /** Whether it stands for all words that begin so. */
  isBeginning: boolean;
}

function toTerm(text: string, isPhrase: boolean): Term {
  // A single Latin letter begins too many words to be worth looking all of them up.
  return { text, isBeginning: !isPhrase && !/^[a-z\d]$/.test(text) };
}

/** @returns whether all that has the one has the other too */
function implies(one: Term, { text, isBeginning }: Term): boolean {
  return isBeginning ? one.text.startsWith(text) : !one.isBeginning && one.text === text;
}
