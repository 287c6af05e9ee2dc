/** Marks put around what is selected, and taken away again: as changes to a text, so that a box can undo them. Pure. */

/** @typedef {'strong' | 'em' | 'u' | 'code'} Format */
/**
 * @typedef {object} TextChange
 * @property {number} start of what is replaced
 * @property {number} end
 * @property {string} text that takes its place
 * @property {number} selectionStart afterwards
 * @property {number} selectionEnd
 */

/** @type {Readonly<Record<Format, string>>} */
const SIGNS = { strong: '**', em: '*', u: '__', code: '`' };
const BLOCK = '```';
const WORD_BEFORE = /[\p{L}\p{N}\p{M}_]+$/u;
const WORD_AFTER = /^[\p{L}\p{N}\p{M}_]+/u;

/** @type {(text: string, start: number, end: number, format: Format) => TextChange} `start` to `end` is selected */
export function toggleFormat(text, start, end, format) {
  const [from, to] = trim(text, start, end);
  if (from === to) return toggleAtCaret(text, start === end ? start : from, format);
  if (!text.slice(from, to).includes('\n')) return toggleSpan(text, from, to, format);
  return format === 'code' ? toggleBlock(text, from, to) : toggleLines(text, from, to, format);
}

/** @type {(text: string, at: number, format: Format) => TextChange} nothing is selected */
function toggleAtCaret(text, at, format) {
  const sign = SIGNS[format];
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const wordBefore = WORD_BEFORE.exec(before)?.[0].length ?? 0;
  const wordAfter = WORD_AFTER.exec(after)?.[0].length ?? 0;
  if (wordBefore > 0 && wordAfter > 0) {
    const change = toggleSpan(text, at - wordBefore, at + wordAfter, format);
    const caret = change.selectionStart + wordBefore;
    return { ...change, selectionStart: caret, selectionEnd: caret };
  }
  const letter = sign.charAt(0);
  const [runBefore, runAfter] = [runBack(text, at, letter), runOn(text, at, letter)];
  if (has(format, runBefore) && has(format, runAfter)) return place(at - sign.length, at + sign.length, '', 0, 0);
  // At the end of what is marked: on behind it, without.
  if (has(format, runAfter) && wordBefore > 0) return place(at, at, '', sign.length, sign.length);
  return place(at, at, sign + sign, sign.length, sign.length);
}

/** @type {(text: string, from: number, to: number, format: Format) => TextChange} within a line */
function toggleSpan(text, from, to, format) {
  const span = text.slice(from, to);
  const bare = unwrap(span, format);
  if (bare !== undefined) return place(from, to, bare, 0, bare.length);
  const { length } = SIGNS[format];
  const letter = SIGNS[format].charAt(0);
  if (has(format, runBack(text, from, letter)) && has(format, runOn(text, to, letter))) {
    return place(from - length, to + length, span, 0, span.length);
  }
  const sign = format === 'code' && span.includes('`') ? '``' : SIGNS[format];
  return place(from, to, sign + span + sign, sign.length, sign.length + span.length);
}

/** @type {(text: string, from: number, to: number, format: Format) => TextChange} a mark reaches to the end of its line */
function toggleLines(text, from, to, format) {
  const lines = text.slice(from, to).split('\n');
  const isOff = lines.every((line) => line.trim() === '' || unwrap(line.trim(), format) !== undefined);
  const changed = lines
    .map((line) => {
      const bare = line.trim();
      const without = unwrap(bare, format);
      if (bare === '' || (without !== undefined && !isOff)) return line;
      return line.replace(bare, () => without ?? SIGNS[format] + bare + SIGNS[format]);
    })
    .join('\n');
  return place(from, to, changed, 0, changed.length);
}

/** @type {(text: string, from: number, to: number) => TextChange} */
function toggleBlock(text, from, to) {
  const span = text.slice(from, to);
  const isBlock = span.startsWith(`${BLOCK}\n`) && span.endsWith(`\n${BLOCK}`);
  const changed = isBlock ? span.slice(BLOCK.length + 1, -BLOCK.length - 1) : `${BLOCK}\n${span}\n${BLOCK}`;
  return place(from, to, changed, 0, changed.length);
}

/** @type {(span: string, format: Format) => string | undefined} without the marks at its ends; undefined where there are none */
function unwrap(span, format) {
  const { length } = SIGNS[format];
  const letter = SIGNS[format].charAt(0);
  const isMarked = has(format, runOn(span, 0, letter)) && has(format, runBack(span, span.length, letter));
  return isMarked && span.length > 2 * length ? span.slice(length, -length) : undefined;
}

/** @type {(format: Format, run: number) => boolean} three stars are bold and italic, two are bold alone */
const has = (format, run) => (format === 'em' || format === 'code' ? run % 2 === 1 : run >= 2);

/** @type {(text: string, at: number, letter: string) => number} how often it stands from there on */
function runOn(text, at, letter) {
  let end = at;
  while (text.charAt(end) === letter) end += 1;
  return end - at;
}

/** @type {(text: string, at: number, letter: string) => number} how often it stands in front of there */
function runBack(text, at, letter) {
  let begin = at;
  while (text.charAt(begin - 1) === letter) begin -= 1;
  return at - begin;
}

/** @type {(text: string, start: number, end: number) => [number, number]} a mark beside a space is none */
function trim(text, start, end) {
  const span = text.slice(start, end);
  const from = start + (span.length - span.trimStart().length);
  return [from, Math.max(from, end - (span.length - span.trimEnd().length))];
}

/** @type {(start: number, end: number, text: string, from: number, to: number) => TextChange} what is selected counts from `start` */
const place = (start, end, text, from, to) => ({
  start,
  end,
  text,
  selectionStart: start + from,
  selectionEnd: start + to,
});
