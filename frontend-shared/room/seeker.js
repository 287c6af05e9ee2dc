/** Goes to one message: as soon as it is here, having asked for it, or saying why it cannot be shown. */
import { fetchMessage } from '../link/directory-api.js';
import { isNotFound } from '../link/http.js';
import { words } from '../words.js';
/** @import { Conversation } from './conversation.js' */
/** @import { History } from './history.js' */
/** @import { MessageList, Reading } from './message-list.js' */

/**
 * @typedef {object} Seeker
 * @property {(id: number | undefined) => void} seek marks it too
 * @property {(reading: Reading) => void} goTo back to where one has read
 * @property {() => void} goOn something was drawn: it may be that
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {MessageList} parts.list
 * @param {Pick<Conversation, 'find'>} parts.conversation
 * @param {History} parts.history
 * @param {() => boolean} parts.isReady everything is here, but for what is older
 * @param {(reason: string) => void} parts.explain
 * @returns {Seeker}
 */
export function createSeeker({ room, list, conversation, history, isReady, explain }) {
  /** @type {{ id: number, show: () => boolean } | undefined} */
  let sought;
  let isLoading = false;

  /** @type {() => Promise<void>} */
  async function goOn() {
    const current = sought;
    if (!current || !isReady() || isLoading) return;
    if (current.show()) return void (sought = undefined);
    isLoading = true;
    const outcome = await history.loadTo(current.id);
    isLoading = false;
    if (sought !== current) return void goOn();
    // It is drawn with the next frame, if it is there.
    const found = conversation.find(current.id);
    if (outcome === 'here' && found && !found.deleted) return;
    sought = undefined;
    explain(outcome === 'failed' ? words.list.unreachable(current.id) : await toReason(current.id, room()));
  }

  return {
    goOn: () => void goOn(),
    seek(id) {
      sought = id === undefined ? undefined : { id, show: () => list.show(id) };
      void goOn();
    },
    goTo(reading) {
      sought = { id: reading.id, show: () => list.goTo(reading) };
      void goOn();
    },
  };
}

/** @type {(id: number, room: string) => Promise<string>} */
async function toReason(id, room) {
  try {
    const message = await fetchMessage(id);
    if (message.room !== room) return words.list.elsewhere(id, message.room);
    return message.deleted ? words.list.deleted(id) : words.list.unknown(id);
  } catch (error) {
    return isNotFound(error) ? words.list.unknown(id) : words.list.unreachable(id);
  }
}
