/** Puts a page together: what is written, what is shown, and the link between this browser and the server. */
import { createDeleteDialog } from './ask-to-delete.js';
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from './backoff.js';
import { createComposer, toReason } from './composer.js';
import { createConnectionStatus } from './connection-status.js';
import { createConversation } from './conversation.js';
import { createDrawer } from './drawer.js';
import { find } from './elements.js';
import { createHistory } from './history.js';
import { listenForDeeds } from './message-deeds.js';
import { createMessageList } from './message-list.js';
import { newKey } from './new-key.js';
import { createOptions } from './options.js';
import { createOutbox, takeTurns } from './outbox.js';
import { createOwnAuthor } from './own-author.js';
import { createOwnReactions } from './own-reactions.js';
import { watchPage } from './page-life.js';
import { createQuotes } from './quotes.js';
import { createReactionMenu } from './reaction-menu.js';
import { createReplyBar } from './reply-bar.js';
import { idOf, roomOf, toAddress } from './room-name.js';
import { createRooms } from './rooms.js';
import { createSearch } from './search.js';
import { takeToken } from './sign-in.js';
import { openStore } from './storage.js';
import { createTypists, toTypingWords } from './typists.js';
import { createTypingSign } from './typing-sign.js';
import { createWaitingList } from './waiting-list.js';
/** @import { Answer } from './commands-api.js' */
/** @import { Link, OpenLink } from './link.js' */

const START_WORDS = { loading: 'Loading older messages…', more: '', complete: 'This is where it began.' };

/** @type {(openLink: OpenLink) => void} */
export function startPage(openLink) {
  takeToken();
  const life = watchPage();
  const store = openStore(() => localStorage);
  const drafts = openStore(() => sessionStorage);
  const log = find('log', HTMLElement);
  const start = find('start', HTMLElement);
  const alert = find('alert', HTMLElement);
  const news = find('news', HTMLElement);
  const here = find('here', HTMLElement);
  const message = find('message', HTMLTextAreaElement);
  const name = find('name', HTMLInputElement);
  const title = document.title.replace(/^#\S+/, '');
  let room = '';
  let isCaughtUp = false;
  /** The message that was asked for by a link, until it can be shown. @type {number | undefined} */
  let sought;
  /** @type {Link | undefined} */
  let link;

  const explain = (/** @type {string} */ reason) => void (alert.textContent = reason);
  const later = (/** @type {() => void} */ act, /** @type {number} */ ms) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };
  /** @type {(answer: Exclude<Answer, { outcome: 'done' }>, what: string) => void} */
  const explainFailure = (answer, what) => {
    if (answer.outcome === 'failed') return explain(`${what}: the server cannot be reached. Try again.`);
    // The identity is another than it was: nothing here is one's own any more.
    if (answer.problem.status === 403) author.forget();
    explain(toReason(answer.problem, what));
  };

  const outbox = createOutbox({
    store,
    inTurn: takeTurns(navigator.locks),
    deliver: (outgoing) => link?.send(outgoing) ?? Promise.resolve({ outcome: 'failed', retryAfterMs: undefined }),
    newKey,
    now: Date.now,
    later,
    backoff: createBackoff(),
    capMs: () => (life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS),
    onChange() {
      conversation.changed();
      status.redraw();
    },
    onSent(sent) {
      author.learn(sent.author);
      if (sent.room === room) conversation.take([sent]);
      rooms.noticed(sent.room);
    },
    onScheduled({ sendAt = '' }) {
      news.textContent = `It will be sent on ${new Date(sendAt).toLocaleString()}.`;
      void waiting.load();
    },
    onRefused(outgoing, problem) {
      composer.giveBack(outgoing, problem);
      if (outgoing.replyTo !== undefined) replyBar.set(outgoing.room, outgoing.replyTo);
      if (outgoing.sendAt !== undefined) options.giveBack(outgoing.sendAt);
    },
    onFailed: () => link?.check(),
  });

  const author = createOwnAuthor(store, () => {
    reactions.forget();
    conversation.changed();
  });
  const reactions = createOwnReactions({
    store,
    request: async (command) => (await link?.request(command)) ?? { outcome: 'failed' },
    onAnswer: (changed) => takeChange(changed),
    onChange: () => conversation.changed(),
    onFailure: (answer) => explainFailure(answer, 'Your reaction was not taken'),
  });

  const conversation = createConversation({
    pending: () => outbox.waiting().filter((one) => one.room === room && one.sendAt === undefined),
    draw(rows) {
      list.draw(rows);
      replyBar.redraw();
      if (isCaughtUp) void seek();
    },
  });
  const quotes = createQuotes({
    find: conversation.find,
    onLoaded: conversation.know,
    onGone: conversation.changed,
  });
  const history = createHistory({
    room: () => room,
    oldest: conversation.oldest,
    onMessages: conversation.takeOlder,
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
    request: async (command) => (await link?.request(command)) ?? { outcome: 'failed' },
    onReact: reactions.press,
    onReply({ id }) {
      replyBar.set(room, id);
      message.focus();
    },
    onQuote: (id) => go(room, id),
    onAnswer(changed) {
      explain('');
      takeChange(changed);
    },
    onFailure: explainFailure,
  });

  const replyBar = createReplyBar({
    bar: find('replying', HTMLElement),
    drafts,
    room: () => room,
    find: conversation.find,
    onCancel: stopReplying,
  });
  const options = createOptions({
    button: find('options-toggle', HTMLButtonElement),
    panel: find('options', HTMLElement),
    colour: find('colour', HTMLInputElement),
    noColour: find('no-colour', HTMLButtonElement),
    time: find('send-later', HTMLInputElement),
    noTime: find('no-time', HTMLButtonElement),
    send: find('send', HTMLElement),
    store,
  });
  const sign = createTypingSign((user) => link?.tellTyping(user), Date.now);
  const composer = createComposer({
    form: find('composer', HTMLFormElement),
    name,
    message,
    explain,
    names: store,
    drafts,
    fault: options.fault,
    onSend(text) {
      const extras = options.read();
      const replyTo = replyBar.of(room);
      outbox.add({ room, ...text, ...extras, ...(replyTo !== undefined && { replyTo }) });
      options.sent();
      replyBar.set(room, undefined);
      if (extras.sendAt === undefined) list.toEnd();
    },
    onTyping: () => sign(name.value.trim()),
  });
  message.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') stopReplying();
  });
  const waiting = createWaitingList({
    root: find('waiting', HTMLDetailsElement),
    template: find('waiting-template', HTMLTemplateElement),
    announce: (said) => void (news.textContent = said),
    explain,
    onEmpty: () => message.focus(),
  });

  const status = createConnectionStatus(find('status', HTMLElement), {
    queued: () => outbox.waiting().length,
    isOnline: life.isOnline,
  });
  const typing = find('typing', HTMLElement);
  const typists = createTypists({ later, onChange: (names) => void (typing.textContent = toTypingWords(names)) });

  const drawer = createDrawer(find('side-toggle', HTMLButtonElement), find('side', HTMLElement));
  const rooms = createRooms({
    list: find('rooms', HTMLElement),
    form: find('open-room', HTMLFormElement),
    life,
    onChosen: (chosen) => go(chosen),
    onCurrent: ({ online }) => showOnline(online),
    explain,
  });
  createSearch({
    box: find('search', HTMLInputElement),
    panel: find('results', HTMLElement),
    template: find('result-template', HTMLTemplateElement),
    onChosen: (found) => go(found.room, found.id),
    onLeft: () => message.focus(),
  });

  /** @type {(changed: import('../protocol/envelope.ts').Message) => void} */
  function takeChange(changed) {
    if (changed.room === room) conversation.take([changed]);
  }

  function stopReplying() {
    replyBar.set(room, undefined);
    message.focus();
  }

  /** @type {(online: number) => void} */
  function showOnline(online) {
    here.hidden = online < 1;
    here.textContent = `${online} here`;
  }

  /** @type {(to: string, id?: number) => void} */
  function go(to, id) {
    window.history.pushState(null, '', toAddress(to, id));
    arrive();
  }

  // Where the page's address leads.
  function arrive() {
    const to = roomOf(location.search);
    sought = idOf(location.hash);
    drawer.close();
    if (to !== room) enter(to);
    else void seek();
  }

  /** Shows the message that was asked for, as soon as it is here. */
  async function seek() {
    const id = sought;
    if (id === undefined || !isCaughtUp) return;
    if (list.show(id)) {
      sought = undefined;
    } else if (await history.loadTo(id)) {
      if (sought === id && conversation.find(id) === undefined) {
        sought = undefined;
        explain('That message is not in this room any more.');
      }
    }
  }

  /** @type {(to: string) => void} */
  function enter(to) {
    link?.stop();
    room = to;
    isCaughtUp = false;
    log.ariaBusy = 'true';
    document.title = `#${room}${title}`;
    find('room-name', HTMLElement).textContent = room;
    message.placeholder = `Message #${room}`;
    here.hidden = true;
    explain('');
    forget();
    list.toEnd();
    composer.enter(room);
    replyBar.redraw();
    rooms.enter(room);
    link = open(room);
    outbox.flush();
  }

  function forget() {
    typists.clear();
    quotes.forget();
    conversation.forget();
    history.reset();
  }

  /** @type {(of: string) => Link} */
  function open(of) {
    // An answer may be on its way while the room is left.
    const inRoom = (/** @type {() => void} */ act) => void (of === room && act());
    return openLink({
      room: of,
      life,
      onMessages: (messages) =>
        inRoom(() => {
          for (const one of messages) {
            if (outbox.confirm(one.key)) author.learn(one.author);
            typists.said(one);
          }
          conversation.take(messages);
        }),
      onReset: () =>
        inRoom(() => {
          isCaughtUp = false;
          forget();
        }),
      onState: (state) => inRoom(() => onState(state)),
      onTyping: (user) => inRoom(() => typists.heard(user)),
      onPresence: (online) => inRoom(() => showOnline(online)),
    });
  }

  /** @type {(state: import('./link.js').LinkState) => void} */
  function onState(state) {
    status.show(state);
    if (state.name !== 'live') return;
    if (!isCaughtUp) {
      rooms.load();
      void waiting.load();
    }
    conversation.caughtUp();
    isCaughtUp = true;
    log.ariaBusy = 'false';
    // Drawing anew also asks again for older messages, where that had failed.
    conversation.changed();
    outbox.flush();
  }

  // Another tab has written, or sent what both of us saw waiting.
  addEventListener('storage', () => {
    conversation.changed();
    status.redraw();
  });
  addEventListener('popstate', () => (takeToken() ? enter(room) : arrive()));
  arrive();
}
