/** The conversation of a room on the page: what is known of it, how it is drawn, and what its buttons do. */
import { createDeleteDialog } from './ask-to-delete.js';
import { toReason } from '../link/problem-words.js';
import { createConversation } from './conversation.js';
import { createEdits } from '../writing/edits.js';
import { find } from '../elements.js';
import { keepTimesFresh } from './fresh-times.js';
import { createHistory } from './history.js';
import { listenForDeeds } from './message-deeds.js';
import { moveByKeys } from './message-keys.js';
import { createMessageList } from './message-list.js';
import { createOwnAuthor } from './own-author.js';
import { createOwnChanges } from './own-changes.js';
import { createOwnReactions } from './own-reactions.js';
import { createQuiet } from './quiet.js';
import { createQuotes } from './quotes.js';
import { createReactionMenu } from './reaction-menu.js';
import { createReading } from './reading.js';
import { createSeeker } from './seeker.js';
import { openStore } from '../storage.js';
import { createTwins } from './twins.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { DressBox } from '../writing/box-tools.js' */
/** @import { Answer, Command } from '../link/commands-api.js' */
/** @import { Names } from './draw-text.js' */
/** @import { Reading } from './message-list.js' */
/** @import { Outgoing } from '../link/outgoing.js' */
/** @import { PageLife } from '../link/page-life.js' */
/** @import { ReadMarks } from './read-marks.js' */
/** @import { Store } from '../storage.js' */
/** @import { PickEmoji } from '../writing/writing.js' */

/**
 * @typedef {object} RoomView
 * @property {(messages: readonly Message[]) => void} take of any room; those of others are left out
 * @property {(author: string | undefined) => void} learn of a message that was posted from here
 * @property {() => void} awaitKept what is shown stays, so that the page is not bare for a moment in between
 * @property {(messages: readonly Message[]) => void} takeKept what the browser had kept: the newest as they were then
 * @property {() => void} hasNewest the newest are here, and where they begin
 * @property {() => void} caughtUp everything is here, but for what is older
 * @property {() => void} reset nothing of what is shown is known any more
 * @property {() => void} changed what is on its way is not what it was
 * @property {(id: number) => Message | undefined} find where it is not here yet it is asked for, and then drawn
 * @property {(id: number | undefined) => void} seek shows a message as soon as it is here; without one, the newest
 * @property {() => Reading | undefined} reading where one reads; undefined at the end
 * @property {(reading: Reading) => void} goTo back to where one has read
 * @property {(back: HTMLElement) => boolean} editLast opens one's own newest message, as soon as it has been sent, and then
 *   leads back; false when there is none
 * @property {() => void} wrote one's own is to be seen at the end
 * @property {() => void} toEnd
 */

/**
 * @param {object} parts
 * @param {() => string} parts.room
 * @param {Store} parts.store shared by all tabs
 * @param {PageLife} parts.life
 * @param {ReadMarks} parts.marks
 * @param {() => Names} parts.names
 * @param {() => readonly Outgoing[]} parts.pending
 * @param {(command: Command) => Promise<Answer>} parts.request
 * @param {(reason: string) => void} parts.explain
 * @param {DressBox} parts.dress a box that is written in
 * @param {PickEmoji} parts.pickEmoji
 * @param {(key: string) => void} parts.retry what was held back
 * @param {(key: string) => void} parts.discard
 * @param {() => void} parts.onDrawn
 * @param {(message: Message) => void} parts.onReply
 * @param {() => void} parts.onLeave one has read, and goes on to write
 * @param {(id: number) => void} parts.onQuote what is replied to is to be shown
 * @returns {RoomView}
 */
export function createRoomView({ room, store, life, pending, request, explain, dress, pickEmoji, ...parts }) {
  const log = find('log', HTMLElement);
  const start = find('start', HTMLElement);
  const toEndButton = find('to-end', HTMLButtonElement);
  const quiet = createQuiet(log, () => !isCaughtUp);
  let isCaughtUp = false;
  /** Asked for when it changes, as it is not kept in the memory of the page. */
  let waiting = pending();
  /** What is not shown as said yet. */
  const underWay = () => waiting.filter(({ key }) => !conversation.hasKey(key));
  /** One's last is to be edited as soon as it has been sent. @type {{ key: string, back: HTMLElement } | undefined} */
  let awaited;

  const author = createOwnAuthor(store, () => {
    reactions.forget();
    conversation.touchAll();
  });
  const reactions = createOwnReactions({
    store,
    request,
    onAnswer: (changed) => take([changed]),
    onChange: (id) => (id === undefined ? conversation.touchAll() : conversation.touch([id])),
    onFailure: (answer) => explainFailure(answer, words.editing.notReacted),
  });
  const edits = createEdits(openStore(() => sessionStorage));
  const changes = createOwnChanges({
    edits,
    request,
    onChange: (id) => conversation.touch([id]),
    onAnswer(changed) {
      explain('');
      take([changed]);
    },
    onFailure: explainFailure,
  });
  const twins = createTwins(words.message.anonymous, () => conversation.touchAll());
  const conversation = createConversation({
    reader: () => list.reading()?.id ?? 'end',
    isHeld: (id) => list.isHeld(id),
    quoting: (id) => quotes.quoting(id),
    onArrived: (messages) => reading.arrived(messages.filter((one) => !author.wrote(one))),
    draw(drawing) {
      if (drawing.isAnew || drawing.hasOld) quiet();
      list.draw(drawing, underWay());
      showStart();
      parts.onDrawn();
      deeds.redraw();
      editAwaited();
      seeker.goOn();
    },
  });
  const quotes = createQuotes({
    find: conversation.find,
    onLoaded: conversation.know,
    onGone: (id) => conversation.touch(quotes.quoting(id)),
  });
  const history = createHistory({ room, conversation, onState: showStart });
  const list = createMessageList({
    scroller: log,
    list: find('list', HTMLElement),
    template: find('message-template', HTMLTemplateElement),
    around: () => ({
      now: new Date(),
      names: parts.names(),
      firstNew: reading.lineAbove(),
      author: author.current(),
      toBeside: (one) => ({
        reactions: reactions.of(one),
        isMine: author.wrote(one),
        quote: quotes.of(one),
        change: changes.of(one.id),
      }),
      toTwin: twins.markOf,
    }),
    hasEnd: conversation.isAtNewest,
    onNearStart() {
      // While the newest still arrive one by one, the first of them is in view, and it is nobody's wish to go further back.
      if (isCaughtUp) history.loadOlder();
    },
    onNearEnd: history.loadNewer,
    onMoved: () => reading.moved(),
  });
  const reading = createReading({
    room,
    marks: parts.marks,
    life,
    button: toEndButton,
    isAtEnd: list.isAtEnd,
    conversation,
    isOwn: author.wrote,
  });
  const seeker = createSeeker({ room, list, conversation, history, isReady: () => isCaughtUp, explain });
  const deeds = listenForDeeds({
    log,
    list,
    editorTemplate: find('editor-template', HTMLTemplateElement),
    menu: createReactionMenu(find('reaction-menu', HTMLElement), pickEmoji),
    askToDelete: createDeleteDialog(find('delete-dialog', HTMLDialogElement)),
    edits,
    changes,
    dress,
    explain,
    find: conversation.find,
    retry: parts.retry,
    discard: parts.discard,
    onReact: reactions.press,
    onReply: parts.onReply,
    onQuote: parts.onQuote,
  });
  moveByKeys(log, find('list', HTMLElement), { toEnd, leave: parts.onLeave });
  toEndButton.addEventListener('click', () => {
    toEnd();
    log.focus();
  });
  addEventListener('storage', ({ key }) => {
    author.reread(key);
    reactions.reread(key);
  });
  keepTimesFresh(life, list.refreshTimes, conversation.touchAll);

  /** @type {RoomView['take']} an answer may come when the room has been left */
  function take(messages) {
    conversation.take(messages.filter((one) => one.room === room()));
  }

  const findLast = () => conversation.findLast((one) => !one.deleted && author.wrote(one));

  /** @type {(message: Message, back: HTMLElement) => void} */
  function edit(message, back) {
    if (!list.elementOf(message.id)) toEnd();
    deeds.edit(message, back);
  }

  /** @type {(key: string, back: HTMLElement) => true} unless one goes on with something else meanwhile */
  function awaitSent(key, back) {
    awaited = { key, back };
    for (const event of ['input', 'blur']) back.addEventListener(event, () => (awaited = undefined), { once: true });
    return true;
  }

  function editAwaited() {
    const { key, back } = awaited ?? {};
    if (!back || underWay().some((one) => one.key === key)) return;
    awaited = undefined;
    const last = findLast();
    if (last && last.key === key) edit(last, back);
  }

  function toEnd() {
    if (!conversation.isAtNewest()) history.reset();
    conversation.toNewest();
    list.toEnd();
  }

  function showStart() {
    const text = history.isLoading() ? words.list.loading : conversation.isComplete() ? words.list.began : '';
    if (start.textContent !== text) start.textContent = text;
  }

  /** @type {(answer: Exclude<Answer, { outcome: 'done' }>, what: string) => void} */
  function explainFailure(answer, what) {
    if (answer.outcome === 'failed') return explain(`${what}: ${words.editing.unreachable}`);
    // The identity is another than it was: nothing here is one's own any more.
    if (answer.problem.status === 403) author.forget();
    explain(toReason(answer.problem, what));
  }

  function changed() {
    waiting = pending();
    conversation.touch([]);
  }

  return {
    take,
    learn: author.learn,
    awaitKept: conversation.hold,
    takeKept(messages) {
      if (messages.length > 0) conversation.takeOlder(messages, false);
      conversation.letGo();
    },
    hasNewest: conversation.caughtUp,
    caughtUp() {
      conversation.caughtUp();
      isCaughtUp = true;
      quiet();
      reading.enter();
      // Drawing anew also asks again for older messages, where that had failed.
      changed();
    },
    reset() {
      isCaughtUp = false;
      awaited = undefined;
      reading.leave();
      quotes.forget();
      twins.forget();
      conversation.forget();
      history.reset();
      changed();
    },
    changed,
    find: quotes.parent,
    seek(id) {
      seeker.seek(id);
      if (id === undefined) toEnd();
    },
    reading: list.reading,
    goTo: seeker.goTo,
    editLast(back) {
      const sent = underWay().findLast(({ held }) => held === undefined);
      if (sent) return awaitSent(sent.key, back);
      const last = findLast();
      if (last) edit(last, back);
      return last !== undefined;
    },
    wrote() {
      reading.answered();
      toEnd();
    },
    toEnd,
  };
}
