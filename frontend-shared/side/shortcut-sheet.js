/** The sheet that lists all keys. Made when it is first asked for. */
import { words } from '../words.js';

const CTRL = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : words.keys.ctrl;
const ALT = CTRL === '⌘' ? '⌥' : 'Alt';

/** By where they work. What is parted by a space does the same, or the same the other way; what is joined is held together. */
const SHEET = /** @type {const} */ ([
  [
    'anywhere',
    [
      ['search', `${CTRL}+K /`],
      ['write', 'A–Z'],
      ['rooms', `${ALT}+↑ ${ALT}+↓`],
      ['help', '?'],
      ['leave', 'Esc'],
    ],
  ],
  [
    'writing',
    [
      ['send', 'Enter'],
      ['newLine', `${words.composer.shift}+Enter`],
      ['editLast', '↑'],
      ['format', `${CTRL}+B ${CTRL}+I ${CTRL}+U ${CTRL}+E`],
      ['suggest', '@ :'],
    ],
  ],
  [
    'lists',
    [
      ['move', '↑ ↓'],
      ['ends', `${words.keys.home} ${words.keys.end}`],
      ['open', 'Enter'],
      ['back', 'Esc'],
    ],
  ],
]);

/** @type {HTMLDialogElement | undefined} */
let sheet;

export function openShortcutSheet() {
  sheet ??= document.body.appendChild(toSheet());
  if (!sheet.open) sheet.showModal();
}

function toSheet() {
  const title = toElement('h2', words.keys.title);
  title.id = 'keys-title';
  // With the focus on the button below, a small phone would show the end of it.
  title.tabIndex = -1;
  title.autofocus = true;
  const close = toElement('button', words.keys.close);
  close.className = 'quiet';
  const form = toElement('form', toRow('dialog-buttons', close));
  form.method = 'dialog';
  const dialog = toElement('dialog', title, ...SHEET.flatMap(toGroup), toElement('p', words.keys.singleKeys), form);
  dialog.className = 'dialog keys';
  dialog.setAttribute('aria-labelledby', title.id);
  // A press beside it is a press on its backdrop.
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  return dialog;
}

/** @type {(group: typeof SHEET[number]) => HTMLElement[]} */
function toGroup([name, lines]) {
  const list = toElement('dl');
  for (const [what, ways] of lines) {
    const keys = ways.split(' ').flatMap((way, index) => {
      const held = way.split('+').map((key) => toElement('kbd', key));
      return index === 0 ? held : [', ', ...held];
    });
    list.append(toRow('keys-line', toElement('dt', words.keys[what]), toElement('dd', ...keys)));
  }
  return [toElement('h3', words.keys[name]), list];
}

/** @type {(className: string, ...content: HTMLElement[]) => HTMLElement} */
function toRow(className, ...content) {
  const row = toElement('div', ...content);
  row.className = className;
  return row;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {(string | HTMLElement)[]} content
 */
function toElement(tag, ...content) {
  const element = document.createElement(tag);
  element.append(...content);
  return element;
}
