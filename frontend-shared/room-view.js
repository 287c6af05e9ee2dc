/** The conversation of a room on the page: what is known of it, how it is drawn, and what its buttons do. */
import { createDeleteDialog } from './ask-to-delete.js';
import { toReason } from './composer.js';
import { createConversation } from './conversation.js';
import { find } from './elements.js';
import { createHistory } from './history.js';
import { listenForDeeds } from './message-deeds.js';
import { createMessageList } from './message-list.js';
import { createOwnAuthor } from './own-author.js';
import { createOwnReactions } from './own-reactions.js';
import { createQuotes } from './quotes.js';
import { createReactionMenu } from './reaction-menu.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Answer, Command } from './commands-api.js' */
/** @import { Outgoing } from './outgoing.js' */
/** @import { Store } from './storage.js' */

const START_WORDS = { loading: 'Loading older messages…', more: '', complete: 'This is where it began.' };

/**
 * @typedef {object} RoomView
 * @property {(messages: readonly Message[]) => void} take of any room; those of others are left out
 * @property {(author: string | undefined) => void} learn of a message that was posted from here
 * @property {() => void} caughtUp everything is here, but for what is older
 * @property {() => void} reset nothing of what is shown is known any more
 * @property {() => void} changed what is on its way, or one's own, is not what it was
 * @property {(id: number) => Message | undefined} find
 * @property {(id: number | undefined) => void} seek shows a message as soon as it is here
 * @property {() => void} toEnd
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {Store} parts.store shared by all tabs
 * @param {() => readonly Outgoing[]} parts.pending
 * @param {(command: Command) => Promise<Answer>} parts.request
 * @param {(reason: string) => void} parts.explain
 * @param {() => void} parts.onDrawn
 * @param {(message: Message) => void} parts.onReply
 * @param {(id: number) => void} parts.onQuote what is replied to is to be shown
 * @returns {RoomView}
 */
export function createRoomView({ room, store, pending, request, explain, onDrawn, onReply, onQuote }) {
  const log = find('log', HTMLElement);
  const start = find('start', HTMLElement);
  let isCaughtUp = false;
  /** The message that is to be shown. @type {number | undefined} */
  let sought;

  const author = createOwnAuthor(store, () => {
    reactions.forget();
    conversation.changed();
  });
  const reactions = createOwnReactions({
    store,
    request,
    onAnswer: (changed) => take([changed]),
    onChange: () => conversation.changed(),
    onFailure: (answer) => explainFailure(answer, 'Your reaction was not taken'),
  });
  const conversation = createConversation({
    pending,
    draw(rows) {
      list.draw(rows);
      onDrawn();
      void seek();
    },
  });
  const quotes = createQuotes({
    find: conversation.find,
    onLoaded: conversation.know,
    onGone: conversation.changed,
  });
  const history = createHistory({
    room,
    oldest: conversation.oldest,
    onMessages: conversation.takeOlder,
    onState(state) {
      start.textContent = START_WORDS[state];
      // What is put in above is old, and not to be read out as if it had just been said.
      log.ariaBusy = String(state === 'loading' || !isCaughtUp);
    },
  });
  const list = createMessageList({
    scroller: log,
    list: find('list', HTMLElement),
    template: find('message-template', HTMLTemplateElement),
    toEndButton: find('to-end', HTMLButtonElement),
    toBeside: (one) => ({ reactions: reactions.of(one), isMine: author.wrote(one), quote: quotes.of(one) }),
    onNearStart() {
      // While the newest still arrive one by one, the first of them is in view, and it is nobody's wish to go further back.
      if (isCaughtUp) history.loadMore();
    },
  });
  listenForDeeds({
    log,
    list,
    editorTemplate: find('editor-template', HTMLTemplateElement),
    menu: createReactionMenu(find('reaction-menu', HTMLElement)),
    askToDelete: createDeleteDialog(find('delete-dialog', HTMLDialogElement)),
    request,
    onReact: reactions.press,
    onReply,
    onQuote,
    onAnswer(changed) {
      explain('');
      take([changed]);
    },
    onFailure: explainFailure,
  });

  /** @type {RoomView['take']} an answer may come when the room has been left */
  function take(messages) {
    conversation.take(messages.filter((one) => one.room === room()));
  }

  /** @type {(answer: Exclude<Answer, { outcome: 'done' }>, what: string) => void} */
  function explainFailure(answer, what) {
    if (answer.outcome === 'failed') return explain(`${what}: the server cannot be reached. Try again.`);
    // The identity is another than it was: nothing here is one's own any more.
    if (answer.problem.status === 403) author.forget();
    explain(toReason(answer.problem, what));
  }

  async function seek() {
    const id = sought;
    if (id === undefined || !isCaughtUp) return;
    if (list.show(id)) {
      sought = undefined;
    } else if ((await history.loadTo(id)) && sought === id && conversation.find(id) === undefined) {
      sought = undefined;
      explain('That message is not in this room any more.');
    }
  }

  return {
    take,
    learn: author.learn,
    caughtUp() {
      conversation.caughtUp();
      isCaughtUp = true;
      log.ariaBusy = 'false';
      // Drawing anew also asks again for older messages, where that had failed.
      conversation.changed();
    },
    reset() {
      isCaughtUp = false;
      quotes.forget();
      conversation.forget();
      history.reset();
    },
    changed: conversation.changed,
    find: conversation.find,
    seek(id) {
      sought = id;
      void seek();
    },
    toEnd: list.toEnd,
  };
}
