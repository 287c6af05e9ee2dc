/** Puts a text with its marks into the page: as elements made one by one, never as markup. */
import { findMentions, isSameName } from './mentions.js';
import { readMarks } from './rich-text.js';
/** @import { Token } from './rich-text.js' */

/** @type {WeakMap<HTMLElement, string>} what stands in an element: drawing it again would lose what is selected in it */
const drawn = new WeakMap();

/** @typedef {{ me: () => string, names: () => Iterable<string> }} Readers `me`: the name of who reads; `names`: those known */

/** @type {Readers} */
let readers = { me: () => '', names: () => [] };

/** @type {(next: Readers) => void} whose names are marked from now on */
export function markNamesOf(next) {
  readers = next;
}

/** @type {(root: ParentNode) => void} one's own name is another than it was */
export function remarkNames(root) {
  for (const mention of root.querySelectorAll('.mention')) markOwn(mention);
}

/** @type {(element: HTMLElement, text: string) => void} */
export function drawText(element, text) {
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  const root = document.createDocumentFragment();
  /** @type {(DocumentFragment | HTMLElement)[]} the innermost last */
  const path = [root];
  for (const token of readMarks(text)) {
    const parent = path.at(-1) ?? root;
    if (token.type === 'open') {
      const inner = document.createElement(token.mark);
      // Bold in bold is bold: so a text of nothing but marks makes no deep tree.
      const isNested = path.some((one) => one.nodeName.toLowerCase() === token.mark);
      if (!isNested) parent.append(inner);
      path.push(isNested ? parent : inner);
    } else if (token.type === 'close') {
      path.pop();
    } else if (token.type === 'text') {
      parent.append(...toNodes(token.raw));
    } else {
      parent.append(toNode(token));
    }
  }
  element.replaceChildren(root);
}

/** @type {(text: string) => (Node | string)[]} with those who are spoken to marked */
function toNodes(text) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let at = 0;
  for (const { start, end } of findMentions(text, [readers.me(), ...readers.names()])) {
    const mention = document.createElement('span');
    mention.className = 'mention';
    mention.textContent = text.slice(start, end);
    markOwn(mention);
    nodes.push(text.slice(at, start), mention);
    at = end;
  }
  return [...nodes, text.slice(at)];
}

/** @type {(mention: Element) => void} */
const markOwn = (mention) =>
  void mention.classList.toggle('is-me', isSameName(mention.textContent, `@${readers.me()}`));

/** @type {(token: Extract<Token, { type: 'code' | 'link' }>) => Node} */
function toNode(token) {
  if (token.type === 'code') {
    const code = document.createElement('code');
    code.classList.toggle('is-block', token.text.includes('\n'));
    code.textContent = token.text;
    return code;
  }
  const link = document.createElement('a');
  link.href = token.href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.textContent = token.raw;
  return link;
}
