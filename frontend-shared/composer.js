/** The boxes one writes in. What is in them survives a reload, and leaves them only when it has been kept elsewhere. */
/** @import { Problem } from '../protocol/envelope.ts' */
/** @import { Store } from './storage.js' */

/** Code points, as the server counts them: they are told before the text is on its way, offline too. */
const MAX_NAME = 40;
const MAX_MESSAGE = 4_000;

/**
 * @typedef {object} Composer
 * @property {(message: string, reason: string) => void} giveBack a refused text, before what was begun since
 */

/**
 * @param {object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLInputElement} parts.name
 * @param {HTMLTextAreaElement} parts.message
 * @param {(reason: string) => void} parts.explain says aloud why something was not sent; empty when all is well again
 * @param {Store} parts.names kept for all tabs
 * @param {Store} parts.drafts kept for this tab: two tabs are two trains of thought
 * @param {string} parts.room
 * @param {(text: { user: string, message: string }) => void} parts.onSend
 * @returns {Composer}
 */
export function createComposer({ form, name, message, explain, names, drafts, room, onSend }) {
  const draft = `since.draft.${room}`;
  name.value ||= names.get('since.name') ?? '';
  message.value ||= drafts.get(draft) ?? '';
  grow(message);

  name.addEventListener('input', () => names.set('since.name', name.value.trim()));
  message.addEventListener('input', keepDraft);
  message.addEventListener('keydown', (event) => {
    if (!isSendKey(event)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });

  function send() {
    const text = { user: name.value.trim(), message: message.value.trim() };
    if (text.message === '') return message.focus();
    const fault = findFault(text);
    mark(name, fault?.field === 'user');
    mark(message, fault?.field === 'message');
    explain(fault?.reason ?? '');
    if (fault) return (fault.field === 'user' ? name : message).focus();
    onSend(text);
    setMessage('');
    message.focus();
  }

  function keepDraft() {
    grow(message);
    if (message.value === '') drafts.remove(draft);
    else drafts.set(draft, message.value);
  }

  /** @type {(text: string) => void} */
  function setMessage(text) {
    message.value = text;
    keepDraft();
  }

  return {
    giveBack(text, reason) {
      const caretFromEnd = message.value.length - message.selectionEnd;
      setMessage(message.value === '' ? text : `${text}\n${message.value}`);
      message.selectionStart = message.selectionEnd = message.value.length - caretFromEnd;
      explain(reason);
    },
  };
}

/**
 * Shift+Enter breaks the line, and the Enter that ends the composing of a word (Japanese, say) is not meant for us;
 * Safari tells the latter by its old number only.
 * @type {(event: KeyboardEvent) => boolean}
 */
export function isSendKey(event) {
  // oxlint-disable-next-line typescript/no-deprecated -- nothing newer tells it in Safari
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/** @type {(text: { user: string, message: string }) => { field: 'user' | 'message', reason: string } | undefined} */
export function findFault({ user, message }) {
  if (user === '') return { field: 'user', reason: 'Not sent: write your name first.' };
  const tooLong = (/** @type {string} */ what, /** @type {number} */ length, /** @type {number} */ max) =>
    `Not sent: the ${what} has ${length.toLocaleString()} characters, and ${max.toLocaleString()} fit.`;
  const nameLength = [...user].length;
  if (nameLength > MAX_NAME) return { field: 'user', reason: tooLong('name', nameLength, MAX_NAME) };
  const length = [...message].length;
  if (length > MAX_MESSAGE) return { field: 'message', reason: tooLong('message', length, MAX_MESSAGE) };
  return undefined;
}

/** @type {Record<string, string>} what the fields are called on the page */
const FIELDS = { user: 'the name', message: 'the message' };

/** @type {(problem: Problem) => string} for people */
export function toReason({ detail, errors = [] }) {
  const reasons = errors.map((error) => `${FIELDS[error.field] ?? error.field} ${error.detail}`);
  return `Not sent: ${reasons.join('; ') || detail}`;
}

/** @type {(box: HTMLElement, faulty: boolean) => void} */
function mark(box, faulty) {
  if (faulty) box.setAttribute('aria-invalid', 'true');
  else box.removeAttribute('aria-invalid');
}

/** @type {(box: HTMLTextAreaElement) => void} where the style alone cannot let it grow */
function grow(box) {
  if (CSS.supports('field-sizing', 'content')) return;
  box.style.setProperty('block-size', 'auto');
  box.style.setProperty('block-size', `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`);
}
