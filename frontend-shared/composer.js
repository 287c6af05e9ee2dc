/** The boxes one writes in. What is in them survives a reload, and leaves them only when it has been kept elsewhere. */
/** @import { Outgoing } from './outgoing.js' */
/** @import { Problem } from '../protocol/envelope.ts' */
/** @import { Store } from './storage.js' */

/** Code points, as the server counts them: they are told before the text is on its way, offline too. */
const MAX_NAME = 40;
const MAX_MESSAGE = 4_000;

/**
 * @typedef {object} Composer
 * @property {(outgoing: Outgoing, problem: Problem) => void} giveBack a refused text, before what was begun since
 * @property {(room: string) => void} enter its draft takes the place of the one before
 */

/**
 * @param {object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLInputElement} parts.name
 * @param {HTMLTextAreaElement} parts.message
 * @param {(reason: string) => void} parts.explain says aloud why something was not sent; empty when all is well again
 * @param {Store} parts.names kept for all tabs
 * @param {Store} parts.drafts kept for this tab: two tabs are two trains of thought
 * @param {() => string} parts.fault why nothing can be sent now, beside what is in these boxes; empty when all is well
 * @param {(text: { user: string, message: string }) => void} parts.onSend
 * @param {() => void} parts.onTyping
 * @returns {Composer}
 */
export function createComposer({ form, name, message, explain, names, drafts, fault, onSend, onTyping }) {
  let room = '';
  const nameOf = (/** @type {string} */ where) => `since.draft.${where}`;
  name.value ||= names.get('since.name') ?? '';

  name.addEventListener('input', () => names.set('since.name', name.value.trim()));
  message.addEventListener('input', () => {
    keepDraft();
    if (message.value !== '') onTyping();
  });
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
    const found = findFault(text);
    mark(name, found?.field === 'user');
    mark(message, found?.field === 'message');
    explain(found?.reason ?? fault());
    if (found) return (found.field === 'user' ? name : message).focus();
    if (fault() !== '') return;
    onSend(text);
    setMessage('');
    message.focus();
  }

  function keepDraft() {
    grow(message);
    keep(room, message.value);
  }

  /** @type {(where: string, text: string) => void} */
  function keep(where, text) {
    if (text === '') drafts.remove(nameOf(where));
    else drafts.set(nameOf(where), text);
  }

  /** @type {(text: string) => void} */
  function setMessage(text) {
    message.value = text;
    keepDraft();
  }

  return {
    enter(next) {
      // On a page that is reloaded, the browser may have put back more than was kept.
      const kept = drafts.get(nameOf(next)) ?? (room === '' ? message.value : '');
      room = next;
      setMessage(kept);
    },
    giveBack({ room: where, message: text }, problem) {
      const reason = toReason(problem);
      if (where !== room) {
        const begun = drafts.get(nameOf(where));
        keep(where, begun ? `${text}\n${begun}` : text);
        return explain(`In #${where}: ${reason}`);
      }
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
const FIELDS = {
  user: 'the name',
  message: 'the message',
  sendAt: 'the time to send it',
  color: 'the colour',
  replyTo: 'what it replies to',
};

/** @type {(problem: Problem, what?: string) => string} for people */
export function toReason({ detail, errors = [] }, what = 'Not sent') {
  const reasons = errors.map((error) => `${FIELDS[error.field] ?? error.field} ${error.detail}`);
  return `${what}: ${reasons.join('; ') || detail}`;
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
