/** Puts a text with its marks into the page: as elements made one by one, never as markup. */
import { readMarks } from './rich-text.js';
/** @import { Mark, Token } from './rich-text.js' */

/** @type {WeakMap<HTMLElement, string>} what stands in an element: drawing it again would lose what is selected in it */
const drawn = new WeakMap();

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
    } else {
      parent.append(toNode(token));
    }
  }
  element.replaceChildren(root);
}

/** @type {(token: Exclude<Token, { mark: Mark }>) => Node} */
function toNode(token) {
  if (token.type === 'code') {
    const code = document.createElement('code');
    code.classList.toggle('is-block', token.text.includes('\n'));
    code.textContent = token.text;
    return code;
  }
  if (token.type === 'text') return document.createTextNode(token.raw);
  const link = document.createElement('a');
  link.href = token.href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.textContent = token.raw;
  return link;
}
