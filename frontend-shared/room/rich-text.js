/**
 * Reads the marks in a text: `**bold**`, `*italic*`, `__underline__`, `` `code` `` and links. Goes through the text once,
 * so that no text is slow to read. What is not closed stays as typed, and but for code no mark reaches beyond its line.
 */

/** @typedef {'strong' | 'em' | 'u'} Mark */
/**
 * @typedef {{ type: 'text', raw: string }
 *   | { type: 'open', raw: string, mark: Mark }
 *   | { type: 'close', raw: string, mark: Mark }
 *   | { type: 'code', raw: string, text: string }
 *   | { type: 'link', raw: string, href: string }} Token
 *   `raw` is the piece as typed: all of them together are the text.
 */

const LINK_START = /https?:\/\/(?=[\p{L}\p{N}[])/iuy;
// Also what turns the direction of text: an address must read as what it is.
const LINK_END = /[\s<>"`\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What ends a sentence, or a mark, rather than an address. */
const TRAILING = new Set(".,;:!?'*_~)]}");
const PAIRS = new Map(Object.entries({ ')': '(', ']': '[', '}': '{' }));
/** Ticks in a row that may hold more than one line between them. */
const BLOCK_TICKS = 3;

/** @type {(text: string) => Token[]} properly nested, and each mark that opens is closed */
export function readMarks(text) {
  const codeEnds = findCodeEnds(text);
  const marks = createMarks();
  let linklessUntil = 0;
  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    const start = at;
    if (letter === '`') {
      const ticks = runLength(text, at);
      at = codeEnds.get(start) ?? start + ticks;
      const code = codeEnds.has(start) ? toCode(text.slice(start + ticks, at - ticks)) : '';
      // A block stands in lines of its own: what follows it begins the next one anyway.
      if (code.includes('\n') && text.charAt(at) === '\n') {
        at += 1;
        marks.endLine();
      }
      const raw = text.slice(start, at);
      if (code === '') marks.addText(raw);
      else marks.add({ type: 'code', raw, text: code });
    } else if (letter === '*' || letter === '_') {
      at += runLength(text, at);
      marks.addRun(text.slice(start, at), text.charAt(start - 1), text.charAt(at));
    } else if (at >= linklessUntil && isLinkStart(text, at)) {
      const end = wordEnd(text, at);
      const raw = toLink(text.slice(at, end));
      // One that is none is not looked at again and again from each of its letters.
      if (raw === '') linklessUntil = end;
      else marks.add({ type: 'link', raw, href: raw });
      at += raw.length;
    } else {
      if (letter === '\n') marks.endLine();
      marks.addText(letter);
      at += 1;
    }
  }
  return marks.end();
}

/** @type {(text: string) => string} the first line without its marks, where there is room for no more */
export function toPlainLine(text) {
  const plain = readMarks(text).map((token) => (token.type === 'code' ? token.text : 'mark' in token ? '' : token.raw));
  return plain.join('').trimStart().split('\n', 1)[0] ?? '';
}

/** Gathers the tokens, and finds for each mark that closes the one that opened it. */
function createMarks() {
  /** @type {Token[]} */
  const tokens = [];
  /** @type {{ index: number, mark: Mark }[]} what may still be closed */
  const opened = [];
  const counts = { strong: 0, em: 0, u: 0 };
  /** @type {Set<number>} indexes of those that were closed */
  const matched = new Set();

  /** @type {(raw: string) => void} */
  function addText(raw) {
    const last = tokens.at(-1);
    if (last?.type === 'text') last.raw += raw;
    else tokens.push({ type: 'text', raw });
  }

  function pop() {
    const last = opened.pop();
    if (last) counts[last.mark] -= 1;
    return last;
  }

  /** @type {(mark: Mark, raw: string) => void} */
  function open(mark, raw) {
    opened.push({ index: tokens.length, mark });
    counts[mark] += 1;
    tokens.push({ type: 'open', raw, mark });
  }

  /** @type {(mark: Mark, raw: string) => void} what was opened since and is not closed stays as typed */
  function close(mark, raw) {
    let last = pop();
    while (last && last.mark !== mark) last = pop();
    if (last) matched.add(last.index);
    tokens.push({ type: 'close', raw, mark });
  }

  /** @type {(raw: string, before: string, after: string) => void} a run such as `***` may close, and then open */
  function addRun(raw, before, after) {
    const mayClose = !isSpace(before);
    const mayOpen = !isSpace(after);
    // A mark inside of a word is more likely a product or a name_with__lines; bold is not mistaken for either.
    const closable = (/** @type {Mark} */ mark) =>
      mayClose && counts[mark] > 0 && (mark === 'strong' || !isWord(after));
    const openable = (/** @type {Mark} */ mark) => mayOpen && (mark === 'strong' || !isWord(before));
    let left = raw.length;
    /** @type {(mark: Mark, act: (mark: Mark, raw: string) => void) => void} */
    const use = (mark, act) => {
      const size = mark === 'em' ? 1 : 2;
      left -= size;
      act(mark, raw.slice(0, size));
    };
    const candidates = () => marksOf(raw.charAt(0), left);
    const nextToClose = () => pickToClose(candidates().filter(closable), left);
    for (let mark = nextToClose(); mark; mark = nextToClose()) use(mark, close);
    for (let [mark] = candidates().filter(openable); mark; [mark] = candidates().filter(openable)) use(mark, open);
    if (left > 0) addText(raw.slice(0, left));
  }

  /**
   * Two in a row close bold where it is open; of more, the mark that was opened last comes first, so that marks nest.
   * @type {(marks: readonly Mark[], left: number) => Mark | undefined}
   */
  function pickToClose(marks, left) {
    const last = left === 2 ? undefined : opened.at(-1)?.mark;
    return marks.find((mark) => mark === last) ?? marks[0];
  }

  return {
    addText,
    addRun,
    add: (/** @type {Token} */ token) => void tokens.push(token),
    endLine() {
      opened.length = 0;
      counts.strong = counts.em = counts.u = 0;
    },
    end: () =>
      tokens.map((token, index) =>
        token.type === 'open' && !matched.has(index) ? { type: /** @type {const} */ ('text'), raw: token.raw } : token,
      ),
  };
}

/** @type {(letter: string, left: number) => Mark[]} */
function marksOf(letter, left) {
  if (letter === '_') return left >= 2 ? ['u'] : [];
  return left >= 2 ? ['strong', 'em'] : left === 1 ? ['em'] : [];
}

/** @type {(letter: string) => boolean} the edge of the text is as good as a space */
const isSpace = (letter) => letter === '' || /\s/.test(letter);

/** @type {(letter: string) => boolean} */
const isWord = (letter) => /[\p{L}\p{N}]/u.test(letter);

/** @type {(text: string, at: number) => number} how often the letter stands there in a row */
function runLength(text, at) {
  let end = at + 1;
  while (text.charAt(end) === text.charAt(at)) end += 1;
  return end - at;
}

/** @type {(text: string) => Map<number, number>} where code begins, and the end behind as many ticks; found backwards */
function findCodeEnds(text) {
  /** @type {Map<number, number>} */
  const ends = new Map();
  /** @type {Map<number, number>} by the number of ticks */
  const next = new Map();
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text.charAt(at) === '\n') for (let ticks = 1; ticks < BLOCK_TICKS; ticks += 1) next.delete(ticks);
    if (text.charAt(at) !== '`') continue;
    const end = at + 1;
    while (text.charAt(at - 1) === '`') at -= 1;
    const closing = next.get(end - at);
    if (closing !== undefined) ends.set(at, closing);
    next.set(end - at, end);
  }
  return ends;
}

/**
 * The line breaks beside the ticks of a block belong to the ticks; and so does the name of a language, where the ticks
 * stand in lines of their own.
 * @type {(text: string) => string}
 */
const toCode = (text) =>
  text.replace(text.endsWith('\n') ? /^[\w+#.-]*\n(?=[^])/ : /^\n/, '').replace(/\n$/, '') || text;

/** @type {(text: string, at: number) => boolean} */
function isLinkStart(text, at) {
  LINK_START.lastIndex = at;
  return LINK_START.test(text) && !isWord(text.charAt(at - 1));
}

/** @type {(text: string, at: number) => number} */
function wordEnd(text, at) {
  LINK_END.lastIndex = at;
  return LINK_END.exec(text)?.index ?? text.length;
}

/** @type {(word: string) => string} the address in front of what only ends a sentence; empty when it is none */
function toLink(word) {
  /** @type {Map<string, number>} how often each letter stands in front of the end: counted once, as there may be thousands */
  const counts = new Map();
  for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let end = word.length;
  for (let last = word.charAt(end - 1); TRAILING.has(last) && !closesPair(last, counts); last = word.charAt(end - 1)) {
    counts.set(last, (counts.get(last) ?? 0) - 1);
    end -= 1;
  }
  const raw = word.slice(0, end);
  return URL.canParse(raw) && /^https?:$/.test(new URL(raw).protocol) ? raw : '';
}

/** @type {(closing: string, counts: ReadonlyMap<string, number>) => boolean} as in `/wiki/Since_(word)` */
function closesPair(closing, counts) {
  const opening = PAIRS.get(closing);
  return opening !== undefined && (counts.get(opening) ?? 0) >= (counts.get(closing) ?? 0);
}
