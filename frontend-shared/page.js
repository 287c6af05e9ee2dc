/** Puts a page together: what is written, what is shown, and the link between this browser and the server. */
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from './backoff.js';
import { createComposer, toReason } from './composer.js';
import { createConnectionStatus } from './connection-status.js';
import { createConversation } from './conversation.js';
import { createHistory } from './history.js';
import { createMessageList } from './message-list.js';
import { newKey } from './new-key.js';
import { createOutbox, takeTurns } from './outbox.js';
import { watchPage } from './page-life.js';
import { openStore } from './storage.js';
/** @import { OpenLink } from './link.js' */

const ROOM = 'lobby';
const START_WORDS = { loading: 'Loading older messages…', more: '', complete: 'This is where it began.' };

/** @type {(openLink: OpenLink) => void} */
export function startPage(openLink) {
  const life = watchPage();
  const store = openStore(() => localStorage);
  const log = find('log', HTMLElement);
  let isCaughtUp = false;
  const start = find('start', HTMLElement);
  const alert = find('alert', HTMLElement);

  const outbox = createOutbox({
    store,
    inTurn: takeTurns(navigator.locks),
    deliver: (outgoing) => link.send(outgoing),
    newKey,
    now: Date.now,
    later(act, ms) {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    backoff: createBackoff(),
    capMs: () => (life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS),
    onChange() {
      conversation.changed();
      status.redraw();
    },
    onSent: (message) => conversation.take([message]),
    onRefused: ({ message }, problem) => composer.giveBack(message, toReason(problem)),
    onFailed: () => link.check(),
  });

  const conversation = createConversation({ pending: outbox.waiting, draw: (rows) => list.draw(rows) });

  const history = createHistory({
    room: ROOM,
    oldest: conversation.oldest,
    onMessages: conversation.take,
    onState(state) {
      start.textContent = START_WORDS[state];
      // What is put in above is old, and not to be read out as if it had just been said.
      log.ariaBusy = String(state === 'loading');
    },
  });

  const list = createMessageList({
    scroller: log,
    list: find('list', HTMLElement),
    template: find('message-template', HTMLTemplateElement),
    toEndButton: find('to-end', HTMLButtonElement),
    onNearStart() {
      // While the newest still arrive one by one, the first of them is in view, and it is nobody's wish to go further back.
      if (isCaughtUp) history.loadMore();
    },
  });

  const composer = createComposer({
    form: find('composer', HTMLFormElement),
    name: find('name', HTMLInputElement),
    message: find('message', HTMLTextAreaElement),
    explain: (reason) => (alert.textContent = reason),
    names: store,
    drafts: openStore(() => sessionStorage),
    room: ROOM,
    onSend(text) {
      outbox.add({ room: ROOM, ...text });
      list.toEnd();
    },
  });

  const status = createConnectionStatus(find('status', HTMLElement), {
    queued: () => outbox.waiting().length,
    isOnline: life.isOnline,
  });

  const link = openLink({
    room: ROOM,
    life,
    onMessages(messages) {
      for (const { key } of messages) outbox.confirm(key);
      conversation.take(messages);
    },
    onReset() {
      isCaughtUp = false;
      conversation.forget();
      history.reset();
    },
    onState(state) {
      status.show(state);
      if (state.name !== 'live') return;
      isCaughtUp = true;
      log.ariaBusy = 'false';
      // Drawing anew also asks again for older messages, where that had failed.
      conversation.changed();
      outbox.flush();
    },
  });

  // Another tab has written, or sent what both of us saw waiting.
  addEventListener('storage', () => {
    conversation.changed();
    status.redraw();
  });
  conversation.changed();
  outbox.flush();
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 * @throws {Error} where page and program do not belong together
 */
function find(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} "${id}"`);
  return element;
}
