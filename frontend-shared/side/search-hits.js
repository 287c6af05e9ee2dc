/** Where the words that were looked for stand in a text: as the server finds them, which knows no accents, and beginnings of words. */

/** Characters in front of the first hit that are shown with it. */
const LEAD = 40;

/** @typedef {{ text: string, isHit: boolean }} Piece */

/**
 * @type {(text: string, query: string) => Piece[]} all of the text, in order; where the first hit is far in, from shortly
 *   before it
 */
export function splitHits(text, query) {
  const pattern = toPattern(query);
  if (pattern === undefined) return [{ text, isHit: false }];
  const { folded, starts } = foldAll(text);
  const hits = [...folded.matchAll(pattern)].map((match) => {
    const end = match.index + match[0].length;
    return { start: starts[match.index] ?? 0, end: starts[end] ?? text.length };
  });
  const from = startOf(text, hits[0]?.start ?? 0);
  /** @type {Piece[]} */
  const pieces = [];
  let at = from;
  for (const { start, end } of hits) {
    pieces.push({ text: text.slice(at, start), isHit: false }, { text: text.slice(start, end), isHit: true });
    at = end;
  }
  pieces.push({ text: text.slice(at), isHit: false });
  if (from > 0) pieces.unshift({ text: '…', isHit: false });
  return pieces.filter((piece) => piece.text !== '');
}

/** @type {(query: string) => RegExp | undefined} undefined where nothing in it can be found */
function toPattern(query) {
  const phrases = [...query.matchAll(/"([^"]*)"?|([^\s"]+)/g)].map(([, phrase, word]) => phrase ?? word ?? '');
  const found = phrases
    .map((phrase) => foldAll(phrase).folded.match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((words) => words.length > 0)
    .map((words) => words.join(String.raw`[^\p{L}\p{N}]+`))
    // The longest beginning that fits is the one to be marked.
    .toSorted((a, b) => b.length - a.length);
  return found.length === 0 ? undefined : new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${found.join('|')})`, 'gu');
}

/**
 * Small letters without accents.
 * @type {(text: string) => { folded: string, starts: number[] }} `starts`: where each unit of it began in the text
 */
function foldAll(text) {
  let folded = '';
  let at = 0;
  /** @type {number[]} */
  const starts = [];
  for (const letter of text) {
    const plain = letter.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
    for (let index = 0; index < plain.length; index += 1) starts.push(at);
    folded += plain;
    at += letter.length;
  }
  return { folded, starts };
}

/** @type {(text: string, firstHit: number) => number} at the beginning of a word */
function startOf(text, firstHit) {
  if (firstHit <= 2 * LEAD) return 0;
  const space = text.indexOf(' ', firstHit - LEAD);
  return space < 0 || space >= firstHit ? firstHit : space + 1;
}
