/** The boxes one writes in. What is in them survives a reload, and leaves them only when it has been kept elsewhere. */
import { toReason } from '../link/problem-words.js';
import { lengthOf, MAX_MESSAGE } from './text-length.js';
import { words } from '../words.js';
/** @import { Drafts } from './drafts.js' */
/** @import { Outgoing } from '../link/outgoing.js' */
/** @import { Problem } from '../../protocol/envelope.ts' */
/** @import { Store } from '../storage.js' */

/** Code points, as the server counts them: they are told before the text is on its way, offline too. */
export const MAX_NAME = 40;

/**
 * @typedef {object} Composer
 * @property {(outgoing: Outgoing, problem: Problem) => void} giveBack a refused text, before what was begun since
 * @property {(room: string) => void} enter its draft takes the place of the one before
 * @property {() => boolean} reread the name, as another tab may have been told it; whether it is another than before
 */

/**
 * @param {object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLInputElement} parts.name
 * @param {HTMLTextAreaElement} parts.message
 * @param {(reason: string, isToLast?: boolean) => void} parts.explain says aloud why something was not sent; empty when all is well again
 * @param {Store} parts.names kept for all tabs
 * @param {Drafts} parts.drafts
 * @param {() => string} parts.fault why nothing can be sent now, beside what is in these boxes; empty when all is well
 * @param {(text: { user: string, message: string }) => void} parts.onSend
 * @param {() => void} parts.onTyping
 * @param {() => void} parts.onPut the text of the message is another, without having been typed
 * @returns {Composer}
 */
export function createComposer({ form, name, message, explain, names, drafts, fault, onSend, onTyping, onPut }) {
  let room = '';
  name.value ||= names.get('since.name') ?? '';
  /** The name as it was kept; undefined where it was written here, which no other tab writes over. @type {string | undefined} */
  let taken = name.value;

  name.addEventListener('input', () => {
    taken = undefined;
    mark(name, false);
    names.set('since.name', name.value.trim());
  });
  message.addEventListener('input', () => {
    mark(message, false);
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
    growBox(message);
    drafts.keep(room, message.value);
  }

  /** @type {(text: string) => void} */
  function setMessage(text) {
    message.value = text;
    keepDraft();
    onPut();
  }

  return {
    reread() {
      const kept = names.get('since.name') ?? '';
      if (taken === undefined || name.value === kept) return false;
      name.value = taken = kept;
      mark(name, false);
      return true;
    },
    enter(next) {
      // On a page that is reloaded, the browser may have put back more than was kept.
      const kept = drafts.take(next)?.text ?? (room === '' ? message.value : '');
      room = next;
      setMessage(kept);
    },
    giveBack({ room: where, message: text }, problem) {
      const reason = toReason(problem);
      if (where !== room) {
        const begun = drafts.take(where)?.text;
        drafts.keep(where, begun ? `${text}\n${begun}` : text);
        return explain(words.sending.inRoom(where, reason), true);
      }
      const caretFromEnd = message.value.length - message.selectionEnd;
      setMessage(message.value === '' ? text : `${text}\n${message.value}`);
      message.selectionStart = message.selectionEnd = message.value.length - caretFromEnd;
      explain(reason, true);
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
  const said = words.sending;
  if (user === '') return { field: 'user', reason: said.nameFirst };
  const nameLength = lengthOf(user);
  if (nameLength > MAX_NAME) return { field: 'user', reason: said.nameTooLong(nameLength, MAX_NAME) };
  const length = lengthOf(message);
  if (length > MAX_MESSAGE) return { field: 'message', reason: said.tooLong(length, MAX_MESSAGE) };
  return undefined;
}

/** @type {(box: HTMLElement, faulty: boolean) => void} */
export function mark(box, faulty) {
  if (faulty) box.setAttribute('aria-invalid', 'true');
  else box.removeAttribute('aria-invalid');
}

/** @type {(box: HTMLTextAreaElement) => void} where the style alone cannot let it grow */
export function growBox(box) {
  if (CSS.supports('field-sizing', 'content')) return;
  box.style.setProperty('block-size', 'auto');
  box.style.setProperty('block-size', `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`);
}
