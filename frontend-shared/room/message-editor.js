/** The box in which one's own message is written anew, in the place of its text. */
import { growBox, isSendKey, mark } from '../writing/composer.js';
import { lengthOf, MAX_MESSAGE } from '../writing/text-length.js';
import { words } from '../words.js';
/** @import { DressBox } from '../writing/box-tools.js' */

/**
 * @typedef {object} Editing
 * @property {HTMLElement} item of the message
 * @property {string} text as it stands
 * @property {string} begun what was written of it before; the same as `text` when nothing was
 * @property {DressBox} dress
 * @property {(begun: string) => void} onInput
 * @property {(reason: string) => void} explain empty when all is well again
 * @property {(text: string) => void} save called when the box is gone
 * @property {() => void} onDelete
 * @property {() => void} onCancel there is nothing to save
 * @property {() => void} onEnd the box is gone, one way or the other
 */

/**
 * @param {HTMLTemplateElement} template
 * @param {Editing} editing
 * @returns {HTMLTextAreaElement} the box, which has not been given the focus
 */
export function openEditor(template, { item, text, begun, dress, onInput, explain, save, onDelete, ...parts }) {
  const there = item.querySelector('.editor textarea');
  if (there instanceof HTMLTextAreaElement) return there;
  const form = /** @type {HTMLFormElement} */ (document.importNode(template.content, true).firstElementChild);
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
  const remove = /** @type {HTMLButtonElement} */ (form.querySelector('[data-delete]'));
  box.value = begun;
  let isFaulty = false;

  const end = () => {
    closeEditor(item);
    if (isFaulty) explain('');
    parts.onEnd();
  };
  const cancel = () => {
    parts.onCancel();
    end();
  };

  /** @type {(reason: string) => void} */
  function setFault(reason) {
    isFaulty = reason !== '';
    mark(box, isFaulty);
    explain(reason);
    remove.hidden = !isFaulty || box.value.trim() !== '';
  }

  function saveAndEnd() {
    const next = box.value.trim();
    const fault = findFault(next);
    if (fault !== '') {
      setFault(fault);
      return box.focus();
    }
    if (next === text) return cancel();
    end();
    save(next);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    saveAndEnd();
  });
  // Before the keys of the form: what is offered comes first with Enter and Escape.
  dress(box, /** @type {HTMLElement} */ (form.querySelector('.left'))).redraw();
  box.addEventListener('input', () => {
    growBox(box);
    onInput(box.value);
    if (isFaulty) setFault('');
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      cancel();
    } else if (event.target === box && isSendKey(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.querySelector('[data-cancel]')?.addEventListener('click', cancel);
  remove.addEventListener('click', onDelete);

  item.classList.add('is-edited-now');
  item.querySelector('.message-text')?.after(form);
  growBox(box);
  box.setSelectionRange(box.value.length, box.value.length);
  return box;
}

/** @type {(item: HTMLElement) => void} the message is gone, and so is what there was to edit */
export function closeEditor(item) {
  item.classList.remove('is-edited-now');
  item.querySelector('.editor')?.remove();
}

/** @type {(text: string) => string} empty when it may be saved */
function findFault(text) {
  if (text === '') return words.editing.blank;
  const length = lengthOf(text);
  return length > MAX_MESSAGE ? words.editing.tooLong(length, MAX_MESSAGE) : '';
}
