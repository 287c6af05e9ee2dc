/**
 * One's own edits and deletions that the server has not answered yet. They are shown at once as they will be: a slow
 * network takes seconds, in which nobody should wonder whether the button was pressed.
 */
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Answer, Command } from '../link/commands-api.js' */
/** @import { Edits } from '../writing/edits.js' */

/** @typedef {{ kind: 'saving', text: string } | { kind: 'deleting' }} Change */
/**
 * @typedef {object} OwnChanges
 * @property {(id: number) => Change | undefined} of
 * @property {(message: Message, text: string) => void} save the text is kept as half written until the server has it
 * @property {(message: Message) => void} remove
 */

/**
 * @param {object} parts
 * @param {Edits} parts.edits
 * @param {(command: Command) => Promise<Answer>} parts.request
 * @param {(id: number) => void} parts.onChange
 * @param {(message: Message) => void} parts.onAnswer the message as it is now
 * @param {(answer: Exclude<Answer, { outcome: 'done' }>, what: string) => void} parts.onFailure
 * @returns {OwnChanges}
 */
export function createOwnChanges({ edits, request, onChange, onAnswer, onFailure }) {
  /** @type {Map<number, Change>} one at a time for each message */
  const underWay = new Map();

  /** @type {(message: Message, change: Change, command: Command, fault: string) => Promise<void>} */
  async function carryOut(message, change, command, fault) {
    const { id } = message;
    if (underWay.has(id)) return;
    underWay.set(id, change);
    onChange(id);
    const answer = await request(command);
    if (answer.outcome === 'done') edits.drop(message);
    underWay.delete(id);
    onChange(id);
    if (answer.outcome === 'done') onAnswer(answer.message);
    else onFailure(answer, fault);
  }

  return {
    of: (id) => underWay.get(id),
    save(message, text) {
      edits.keep(message, text);
      const command = /** @type {const} */ ({ command: 'edit-message', message: { id: message.id, message: text } });
      void carryOut(message, { kind: 'saving', text }, command, words.editing.notSaved);
    },
    remove(message) {
      const command = /** @type {const} */ ({ command: 'delete-message', message: { id: message.id } });
      void carryOut(message, { kind: 'deleting' }, command, words.editing.notDeleted);
    },
  };
}
