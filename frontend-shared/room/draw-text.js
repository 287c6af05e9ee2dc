/** Puts a text with its marks into the page: as elements made one by one, never as markup. */
import { findMentions, isSameName } from './mentions.js';
import { readMarks } from './rich-text.js';
/** @import { Token } from './rich-text.js' */

/** @type {WeakMap<HTMLElement, string>} what stands in an element: drawing it again would lose what is selected in it */
const drawn = new WeakMap();

/**
 * @typedef {object} Names Of those who may be spoken to.
 * @property {() => string} own of this person; empty as long as they have none
 * @property {() => Iterable<string>} all may hold one's own
 */

/** @type {Names} where nobody is spoken to */
const NONE = { own: () => '', all: () => [] };

/** @type {(root: ParentNode, names: Names) => void} one's own name is another than it was */
export function remarkNames(root, names) {
  for (const mention of root.querySelectorAll('.mention')) markOwn(mention, names);
}

/** @type {(element: HTMLElement, text: string, names?: Names) => void} */
export function drawText(element, text, names = NONE) {
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
      parent.append(...toNodes(token.raw, names));
    } else {
      parent.append(toNode(token));
    }
  }
  element.replaceChildren(root);
}

/** @type {(text: string, names: Names) => (Node | string)[]} with those who are spoken to marked */
function toNodes(text, names) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let at = 0;
  for (const { start, end } of findMentions(text, [names.own(), ...names.all()])) {
    const mention = document.createElement('span');
    mention.className = 'mention';
    mention.textContent = text.slice(start, end);
    markOwn(mention, names);
    nodes.push(text.slice(at, start), mention);
    at = end;
  }
  return [...nodes, text.slice(at)];
}

/** @type {(mention: Element, names: Names) => void} */
const markOwn = (mention, { own }) =>
  void mention.classList.toggle('is-me', isSameName(mention.textContent, `@${own()}`));

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
