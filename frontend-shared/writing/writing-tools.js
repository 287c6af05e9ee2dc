/** The small buttons beside the box: marks, emoji, and a look at what will be shown. */
import { formatBox, keyOf } from './box-tools.js';
import { drawText } from '../room/draw-text.js';
import { insertText } from './insert-text.js';
import { MAX_MESSAGE } from './text-length.js';
import { roveThrough } from './toolbar.js';
import { words } from '../words.js';
/** @import { Names } from '../room/draw-text.js' */
/** @import { Format } from './formatting.js' */
/** @import { Store } from '../storage.js' */

const PREVIEW = 'since.preview';
/** @type {readonly Format[]} */
const FORMATS = ['strong', 'em', 'u', 'code'];

/**
 * @param {object} parts
 * @param {HTMLElement} parts.toolbar
 * @param {HTMLTextAreaElement} parts.box
 * @param {HTMLElement} parts.preview
 * @param {Store} parts.store
 * @param {Names} parts.names
 * @param {(anchor: HTMLElement, onChosen: (emoji: string) => void) => void} parts.pickEmoji
 * @returns {{ redraw: () => void }} to be called when the text was put there
 */
export function createWritingTools({ toolbar, box, preview, store, names, pickEmoji }) {
  const emoji = buttonOf(toolbar, '[data-emoji]');
  const look = buttonOf(toolbar, '[data-preview]');
  const shown = /** @type {HTMLElement} */ (preview.querySelector('.message-text'));
  const empty = /** @type {HTMLElement} */ (preview.querySelector('.preview-empty'));

  for (const format of FORMATS) {
    const button = buttonOf(toolbar, `[data-format="${format}"]`);
    const { key, isMac } = keyOf(format);
    button.ariaLabel = words.tools[format];
    button.title = words.tools.withKey(words.tools[format], isMac ? `⌘${key}` : `${words.tools.ctrl}+${key}`);
    button.setAttribute('aria-keyshortcuts', `${isMac ? 'Meta' : 'Control'}+${key}`);
    button.addEventListener('click', () => formatBox(box, format));
  }
  emoji.ariaLabel = emoji.title = words.tools.emoji;
  emoji.addEventListener('click', () => pickEmoji(emoji, (chosen) => insertEmoji(chosen)));
  look.ariaLabel = look.title = words.tools.preview;
  look.addEventListener('click', () => {
    if (store.get(PREVIEW) === null) store.set(PREVIEW, 'on');
    else store.remove(PREVIEW);
    redraw();
  });
  // The box keeps the focus, its selection, and the on-screen keyboard.
  toolbar.addEventListener('pointerdown', (event) => event.preventDefault());
  box.addEventListener('input', redraw);
  roveThrough(toolbar);

  /** @type {(chosen: string) => void} */
  function insertEmoji(chosen) {
    box.focus();
    insertText(box, chosen);
  }

  function redraw() {
    const isOn = store.get(PREVIEW) !== null;
    look.ariaPressed = String(isOn);
    preview.hidden = !isOn;
    if (!isOn) return;
    const text = box.value.trim();
    empty.hidden = text !== '';
    // More is not sent, and somebody may have pasted a whole book.
    drawText(shown, text.slice(0, 2 * MAX_MESSAGE), names);
    // What is being written is at its end.
    preview.scrollTop = box.selectionEnd > box.value.length / 2 ? preview.scrollHeight : 0;
  }

  return { redraw };
}

/** @type {(root: HTMLElement, selector: string) => HTMLButtonElement} */
const buttonOf = (root, selector) => /** @type {HTMLButtonElement} */ (root.querySelector(selector));
