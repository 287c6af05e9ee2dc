/** What the buttons of a message do. One listener for all of them, however many messages there are. */
import { closeEditor, openEditor } from './message-editor.js';
/** @import { DressBox } from '../writing/box-tools.js' */
/** @import { Edits } from '../writing/edits.js' */
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { MessageList } from './message-list.js' */
/** @import { OwnChanges } from './own-changes.js' */

/**
 * @typedef {object} DeedParts
 * @property {HTMLElement} log
 * @property {MessageList} list
 * @property {HTMLTemplateElement} editorTemplate
 * @property {{ open: (button: HTMLElement, onChosen: (emoji: string) => void) => void }} menu
 * @property {(text: string) => Promise<boolean>} askToDelete
 * @property {Edits} edits
 * @property {OwnChanges} changes
 * @property {DressBox} dress a box that is written in
 * @property {(reason: string) => void} explain
 * @property {(id: number) => Message | undefined} find
 * @property {(key: string) => void} retry what was held back
 * @property {(key: string) => void} discard
 * @property {(message: Message, emoji: string) => void} onReact
 * @property {(message: Message) => void} onReply
 * @property {(id: number) => void} onQuote what is replied to is to be shown
 */

/**
 * @param {DeedParts} parts
 * @returns {{ edit: (message: Message, back: HTMLElement) => void, redraw: () => void }} `edit` as its button does, and
 *   then back to where one was; `redraw` when messages were drawn: some of them may have been half written anew
 */
export function listenForDeeds(parts) {
  const { log, list, menu, edits, changes } = parts;
  /** The focus goes there as soon as its message is drawn. @type {{ id: number, back: HTMLElement } | undefined} */
  let wanted;

  log.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const quote = target?.closest('.message-quote, .message-link');
    if (quote instanceof HTMLElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      return parts.onQuote(Number(quote.dataset['id']));
    }
    const button = target?.closest('[data-act]');
    const found = list.at(target);
    if (button instanceof HTMLElement && found) act(button, newest(found.message), found.element);
    const key = target?.closest('.message')?.getAttribute('data-key') ?? '';
    if (button instanceof HTMLElement && !found) decide(button.dataset['act'], key);
  });

  // What is drawn may be a moment behind what is known.
  const newest = (/** @type {Message} */ drawn) => parts.find(drawn.id) ?? drawn;

  /** @type {(act: string | undefined, key: string) => void} what becomes of one that was held back */
  function decide(act, key) {
    if (act === 'retry') parts.retry(key);
    if (act === 'discard') parts.discard(key);
  }

  /** @type {(button: HTMLElement, message: Message, element: HTMLElement) => void} */
  function act(button, message, element) {
    if (button.ariaDisabled === 'true') return; // that is under way
    switch (button.dataset['act']) {
      case 'react':
        return parts.onReact(message, button.dataset['emoji'] ?? '');
      case 'add':
        return menu.open(button, (emoji) => {
          if (!isPressed(element, emoji)) parts.onReact(newest(message), emoji);
        });
      case 'reply':
        return parts.onReply(message);
      case 'edit':
        return edit(message, element, button).focus();
      case 'delete':
        return void remove(message, element);
      case undefined:
      default:
    }
  }

  /** @type {(message: Message, element: HTMLElement, back: HTMLElement) => HTMLTextAreaElement} */
  function edit(message, element, back) {
    return openEditor(parts.editorTemplate, {
      item: element,
      text: message.message,
      begun: edits.of(message) ?? message.message,
      dress: parts.dress,
      onInput: (text) => edits.keep(message, text),
      explain: parts.explain,
      save(text) {
        parts.explain('');
        changes.save(message, text);
      },
      onDelete: () => void remove(message, element),
      onCancel: () => edits.drop(message),
      onEnd: () => back.focus(),
    });
  }

  function redraw() {
    for (const id of edits.ids()) {
      const [message, element] = [parts.find(id), list.elementOf(id)];
      const begun = message && edits.of(message);
      if (!message || !element || begun === undefined || changes.of(id) || element.querySelector('.editor')) continue;
      // It was saved, and the page left before it was told so.
      if (message.deleted || begun === message.message) edits.drop(message);
      else reopen(message, element);
    }
    const element = wanted && list.elementOf(wanted.id);
    const message = wanted && parts.find(wanted.id);
    if (!wanted || !element || !message || changes.of(message.id)) return;
    edit(message, element, wanted.back).focus();
    wanted = undefined;
  }

  /** @type {(message: Message, element: HTMLElement) => void} of another visit, or as it could not be saved */
  function reopen(message, element) {
    const isHere = element.contains(document.activeElement);
    const box = edit(message, element, /** @type {HTMLElement} */ (element.querySelector('[data-act="edit"]')));
    // Its buttons are hidden meanwhile, one of which may have had the focus.
    if (isHere) box.focus();
  }

  /** @type {(message: Message, element: HTMLElement) => Promise<void>} */
  async function remove(message, element) {
    if (!(await parts.askToDelete(message.message))) return;
    // Its buttons go with it.
    element.focus();
    closeEditor(element);
    changes.remove(message);
  }

  return {
    edit(message, back) {
      if (changes.of(message.id)) return;
      wanted = { id: message.id, back };
      redraw();
    },
    redraw,
  };
}

/** @type {(element: HTMLElement, emoji: string) => boolean} who adds what is there already does not want it gone */
const isPressed = (element, emoji) =>
  [...element.querySelectorAll('.reaction')].some(
    (button) => button instanceof HTMLElement && button.dataset['emoji'] === emoji && button.ariaPressed === 'true',
  );
