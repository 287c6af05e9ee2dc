/** What the buttons of a message do. One listener for all of them, however many messages there are. */
import { openEditor } from './message-editor.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Answer, Command } from './commands-api.js' */
/** @import { MessageList } from './message-list.js' */

/**
 * @typedef {object} DeedParts
 * @property {HTMLElement} log
 * @property {MessageList} list
 * @property {HTMLTemplateElement} editorTemplate
 * @property {{ open: (button: HTMLElement, onChosen: (emoji: string) => void) => void }} menu
 * @property {(text: string) => Promise<boolean>} askToDelete
 * @property {(command: Command) => Promise<Answer>} request
 * @property {(message: Message, emoji: string) => void} onReact
 * @property {(message: Message) => void} onReply
 * @property {(id: number) => void} onQuote what is replied to is to be shown
 * @property {(message: Message) => void} onAnswer the message as it is now
 * @property {(answer: Exclude<Answer, { outcome: 'done' }>, what: string) => void} onFailure
 */

/** @param {DeedParts} parts */
export function listenForDeeds(parts) {
  const { log, list, menu } = parts;

  log.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const quote = target?.closest('.message-quote, .message-link');
    if (quote instanceof HTMLElement && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      return parts.onQuote(Number(quote.dataset['id']));
    }
    const button = target?.closest('[data-act]');
    const found = list.at(target);
    if (button instanceof HTMLElement && found) act(button, found.message, found.element);
  });

  /** @type {(button: HTMLElement, message: Message, element: HTMLElement) => void} */
  function act(button, message, element) {
    switch (button.dataset['act']) {
      case 'react':
        return parts.onReact(message, button.dataset['emoji'] ?? '');
      case 'add':
        return menu.open(button, (emoji) => {
          const now = list.at(button)?.message ?? message;
          if (!isPressed(element, emoji)) parts.onReact(now, emoji);
        });
      case 'reply':
        return parts.onReply(message);
      case 'edit':
        return openEditor(parts.editorTemplate, {
          item: element,
          text: message.message,
          save: (text) => save(message.id, text),
          onEnd: () => button.focus(),
        });
      case 'delete':
        return void remove(message, element);
      case undefined:
      default:
    }
  }

  /** @type {(id: number, text: string) => Promise<boolean>} */
  async function save(id, text) {
    const answer = await parts.request({ command: 'edit-message', message: { id, message: text } });
    if (answer.outcome === 'done') parts.onAnswer(/** @type {Message} */ (answer.message));
    else parts.onFailure(answer, 'Not saved');
    return answer.outcome === 'done';
  }

  /** @type {(message: Message, element: HTMLElement) => Promise<void>} */
  async function remove({ id, message }, element) {
    if (!(await parts.askToDelete(message))) return;
    const answer = await parts.request({ command: 'delete-message', message: { id } });
    if (answer.outcome !== 'done') return parts.onFailure(answer, 'Not deleted');
    // Its buttons go with it.
    element.focus();
    parts.onAnswer(/** @type {Message} */ (answer.message));
  }
}

/** @type {(element: HTMLElement, emoji: string) => boolean} who adds what is there already does not want it gone */
const isPressed = (element, emoji) =>
  [...element.querySelectorAll('.reaction')].some(
    (button) => button instanceof HTMLElement && button.dataset['emoji'] === emoji && button.ariaPressed === 'true',
  );
