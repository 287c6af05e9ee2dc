/** The box in which one's own message is written anew, in the place of its text. */
import { isSendKey } from './composer.js';

/**
 * @typedef {object} Editing
 * @property {HTMLElement} item of the message
 * @property {string} text as it stands
 * @property {(text: string) => Promise<boolean>} save resolves to whether it was; when not, it has been explained
 * @property {() => void} onEnd the box is gone
 */

/**
 * @param {HTMLTemplateElement} template
 * @param {Editing} editing
 */
export function openEditor(template, { item, text, save, onEnd }) {
  if (item.querySelector('.editor')) return;
  const form = /** @type {HTMLFormElement} */ (document.importNode(template.content, true).firstElementChild);
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
  box.value = text;
  let isSaving = false;

  const end = () => {
    closeEditor(item);
    onEnd();
  };

  async function saveAndEnd() {
    const next = box.value.trim();
    if (isSaving || next === '') return;
    if (next === text) return end();
    isSaving = true;
    if (await save(next)) end();
    isSaving = false;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void saveAndEnd();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      end();
    } else if (event.target === box && isSendKey(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.querySelector('[data-cancel]')?.addEventListener('click', end);

  item.classList.add('is-edited-now');
  item.querySelector('.message-text')?.after(form);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

/** @type {(item: HTMLElement) => void} the message is gone, and so is what there was to edit */
export function closeEditor(item) {
  item.classList.remove('is-edited-now');
  item.querySelector('.editor')?.remove();
}
