/**
 * Reads the marks in a text: `**bold**`, `*italic*`, `__underline__`, `` `code` `` and links. Goes through the text once,
 * so that no text is slow to read. What is not closed stays as typed; marks do not reach beyond their line.
 */

/** @typedef {'strong' | 'em' | 'u'} Mark */
/**
 * @typedef {{ type: 'text', raw: string }
 *   | { type: 'open' | 'close', raw: string, mark: Mark }
 *   | { type: 'code', raw: string, text: string }
 *   | { type: 'link', raw: string, href: string }} Token
 *   `raw` is the piece as typed: all of them together are the text.
 */
/** @typedef {{ token: number, mark: Mark }} Opened where a mark may have begun, by its token */

const LINK_START = /https?:\/\//iy;
// Also what turns the direction of text: an address must read as what it is.
const LINK_END = /[\s<>"`\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const TRAILING = new Set('.,;:!?\'*_~)]}');
const PAIRS = new Map(Object.entries({ ')': '(', ']': '[', '}': '{' }));

/** @type {(text: string) => Token[]} */
export function readMarks(text) {
  /** @type {Token[]} */
  const tokens = [];
  /** @type {Opened[]} */
  let opened = [];
  const closers = findCodeEnds(text);
  let plain = '';

  /** @type {(token?: Token) => void} */
  const push = (token) => {
    if (plain !== '') tokens.push({ type: 'text', raw: plain });
    plain = '';
    if (token) tokens.push(token);
  };

  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    if (letter === '`') {
      const ticks = runLength(text, at);
      const end = closers.get(at);
      if (end === undefined) plain += text.slice(at, at + ticks);
      else push({ type: 'code', raw: text.slice(at, end), text: text.slice(at + ticks, end - ticks) });
      at = end ?? at + ticks;
    } else if (letter === '*' || letter === '_') {
      const length = runLength(text, at);
      push();
      opened = readRun({ text, at, length, tokens, opened });
      at += length;
    } else {
      const raw = letter === 'h' || letter === 'H' ? linkAt(text, at) : '';
      if (raw !== '') push({ type: 'link', raw, href: raw });
      else plain += letter;
      if (letter === '\n') opened = [];
      at += raw.length || 1;
    }
  }
  push();
  return unmarkUnclosed(tokens);
}

/**
 * A run such as `***` may close what is open, and open what comes. A mark that opens stands before a word, one that
 * closes behind one: "2 * 3" has none, and neither has snake__case.
 * @param {{ text: string, at: number, length: number, tokens: Token[], opened: Opened[] }} run `tokens` grows
 * @returns {Opened[]}
 */
function readRun({ text, at, length, tokens, opened }) {
  const letter = text.charAt(at);
  const before = text.charAt(at - 1);
  const after = text.charAt(at + length);
  const mayClose = before !== '' && !isSpace(before);
  const mayOpen = after !== '' && !isSpace(after);
  let stillOpened = opened;
  let left = length;
  while (left > 0) {
    const closing = mayClose ? lastThatCloses(stillOpened, letter, left, after) : -1;
    const size = closing === -1 ? (left > 1 ? 2 : 1) : sizeOf(stillOpened[closing]?.mark);
    const raw = letter.repeat(size);
    const mark = stillOpened[closing]?.mark ?? toMark(raw);
    if (closing !== -1 && mark) {
      // What was opened since and not closed stays as typed.
      stillOpened = stillOpened.slice(0, closing);
      tokens.push({ type: 'close', raw, mark });
    } else if (mark && mayOpen && (mark === 'strong' || !isWord(before))) {
      stillOpened = [...stillOpened, { token: tokens.length, mark }];
      tokens.push({ type: 'open', raw, mark });
    } else {
      tokens.push({ type: 'text', raw });
    }
    left -= size;
  }
  return stillOpened;
}
