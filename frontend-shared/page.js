/** Puts a page together: the room that is shown, what is written, and the link between this browser and the server. */
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from './link/backoff.js';
import { createConnectionStatus } from './link/connection-status.js';
import { epochOf } from './link/cursor.js';
import { find } from './elements.js';
import { hasIdentity } from './link/http.js';
import { keepPage } from './link/keep-page.js';
import { createKeptMessages } from './link/kept-messages.js';
import { newKey } from './link/new-key.js';
import { createOutbox, takeTurns } from './link/outbox.js';
import { watchPage } from './link/page-life.js';
import { createReadMarks } from './room/read-marks.js';
import { idOf, roomOf, toAddress } from './side/room-name.js';
import { toReading } from './room/reading.js';
import { createRoomView } from './room/room-view.js';
import { createSide } from './side/side.js';
import { createSharing } from './link/sharing.js';
import { openSentNews } from './link/sent-news.js';
import { ownerOf, readToken, takeToken } from './link/sign-in.js';
import { openStore } from './storage.js';
import { translatePage, words } from './words.js';
import { createWriting } from './writing/writing.js';
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Reading } from './room/message-list.js' */
/** @import { LinkState, OpenLink } from './link/link.js' */
/** @import { PickEmoji } from './writing/writing.js' */

/** Tabs of another version do not share: they may not understand what is told. */
const SHARED_AS = 'since.link.1';
/** Of both pages, as their outbox is. */
const SENT_AS = 'since.sent.1';

/** @type {(name: 'polling' | 'websocket', openLink: OpenLink) => void} */
export function startPage(name, openLink) {
  translatePage(document);
  takeToken();
  const life = watchPage();
  const store = openStore(() => localStorage);
  const marks = createReadMarks(store);
  const log = find('log', HTMLElement);
  const alert = find('alert', HTMLElement);
  let room = '';
  let isFirstLive = true;
  let isLive = false;
  let isSignedOut = false;
  /** Counts the rooms that were entered: an answer may be on its way while one is left. */
  let visit = 0;
  const owner = ownerOf(readToken());
  const kept = createKeptMessages({ owner });
  const sharing = createSharing({ name: `${SHARED_AS} ${name} ${owner}`, openLink, life, newName: newKey });

  let isLasting = false;
  /** @type {(reason: string, isToLast?: boolean) => void} `isToLast`: it is as true when the connection is back */
  const explain = (reason, isToLast = false) => {
    alert.textContent = reason;
    isLasting = isToLast;
  };
  const later = (/** @type {() => void} */ act, /** @type {number} */ ms) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };

  /** @type {typeof import('./writing/emoji-picker.js') | undefined} */
  let picking;
  // Loaded when it is asked for, as few ask; from then on it opens at once, and is there for the next key that is pressed.
  /** @type {(...parts: Parameters<PickEmoji>) => Promise<void>} */
  async function openPicker(anchor, onChosen) {
    picking ??= await import('./writing/emoji-picker.js');
    picking.emojiPicker(find('emoji-picker', HTMLElement), store)(anchor, onChosen);
  }
  /** @type {PickEmoji} */
  const pickEmoji = (...parts) => void openPicker(...parts).catch(() => explain(words.emoji.failed));

  const outbox = createOutbox({
    store,
    inTurn: takeTurns(navigator.locks),
    deliver: async (outgoing) =>
      (await hasIdentity()) ? sharing.send(outgoing) : { outcome: 'failed', retryAfterMs: undefined },
    newKey,
    now: Date.now,
    isLive: () => isLive,
    later,
    backoff: createBackoff(),
    capMs: () => (life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS),
    onChange() {
      view.changed();
      status.redraw();
    },
    onSent(message) {
      takeSent(message);
      tellSent(message);
    },
    onScheduled: (outgoing) => writing.scheduled(outgoing),
    onRefused: (outgoing, problem) => writing.giveBack(outgoing, problem),
    onHeld: (outgoing) => writing.held(outgoing),
    onFailed: sharing.check,
  });
  /** @type {(message: Message) => void} from here, or from another tab */
  function takeSent(message) {
    view.learn(message.author);
    view.take([message]);
    side.noticed(message.room);
  }
  // Whom the server lets read nothing is told nothing by others either.
  const tellSent = openSentNews(`${SENT_AS} ${owner}`, (message) => isSignedOut || takeSent(message));
  const view = createRoomView({
    room: () => room,
    store,
    life,
    marks,
    names: () => writing.names,
    pending: () => outbox.waiting().filter((one) => one.room === room && one.sendAt === undefined),
    request: async (command) => ((await hasIdentity()) ? sharing.request(command) : { outcome: 'failed' }),
    explain,
    dress: (box, meter) => writing.dress(box, meter),
    pickEmoji,
    retry(key) {
      outbox.retry(key);
      explain('');
    },
    discard(key) {
      outbox.discard(key);
      writing.discarded();
    },
    onDrawn: () => writing.redraw(),
    onReply: ({ id }) => writing.replyTo(id),
    onLeave: () => writing.focus(),
    onQuote: (id) => go(room, id),
  });
  const writing = createWriting({
    room: () => room,
    store,
    find: view.find,
    explain,
    tellTyping: sharing.tellTyping,
    pickEmoji,
    editLast: () => view.editLast(find('message', HTMLElement)),
    onSend(text) {
      outbox.add(text);
      if (text.sendAt === undefined) view.wrote();
    },
  });
  const status = createConnectionStatus(find('status', HTMLElement), {
    queued: () => outbox.waiting().filter(({ held }) => held === undefined).length,
    isOnline: life.isOnline,
  });
  const side = createSide({ store, life, marks, later, explain, onChosen: go });

  /** @type {(to: string, id?: number) => void} */
  function go(to, id) {
    // Going back leads to where one has read.
    history.replaceState(view.reading() ?? null, '');
    history.pushState(null, '', toAddress(to, id));
    arrive();
  }

  /** Where the page's address leads. @type {(reading?: Reading) => void} */
  function arrive(reading) {
    const to = roomOf(location.search);
    side.close();
    if (to !== room) enter(to);
    if (reading) view.goTo(reading);
    else view.seek(idOf(location.hash));
  }

  /** @type {(to: string) => void} */
  function enter(to) {
    // What was read is kept for the room that is left.
    forget();
    room = to;
    visit += 1;
    view.changed(); // what waits to be sent is of this room
    find('room-name', HTMLElement).textContent = room;
    explain('');
    view.toEnd();
    writing.enter(room);
    side.enter(room);
    view.awaitKept();
    void listen();
    outbox.flush();
  }

  function forget() {
    isFirstLive = true;
    log.ariaBusy = 'true';
    side.reset();
    view.reset();
  }

  // What is kept is shown at once, before anything is asked for.
  async function listen() {
    const of = visit;
    const found = await kept.enter(room);
    if (of !== visit) return;
    if (found) writing.heard(found.messages);
    view.takeKept(found?.messages ?? []);
    /** @type {<Told extends unknown[]>(tell: (...told: Told) => void) => (...told: Told) => void} */
    const whileHere =
      (tell) =>
      (...told) =>
        of === visit ? tell(...told) : undefined;
    sharing.show({
      room,
      position: { since: found?.since },
      onMessages: whileHere(hear),
      onMoved: whileHere(moved),
      onReset: whileHere(() => {
        kept.forget();
        forget();
      }),
      onState: whileHere(showState),
      onTyping: whileHere(side.typing),
      onPresence: whileHere(side.showOnline),
    });
  }

  /** @type {(messages: readonly Message[]) => void} */
  function hear(messages) {
    for (const one of messages) {
      if (outbox.confirm(one.key)) view.learn(one.author);
    }
    side.heard(room, messages, isLive);
    writing.heard(messages);
    kept.take(messages);
    view.take(messages);
  }

  /** @type {(to: string) => void} */
  function moved(to) {
    if (marks.enter(epochOf(to))) side.forget();
    kept.moved(to);
    view.hasNewest();
  }

  /** @type {(state: LinkState, tabs: number) => void} */
  function showState(state, tabs) {
    status.show(state, tabs);
    isSignedOut = state.name === 'signed-out';
    if (isSignedOut) kept.clear();
    const wasLive = isLive;
    isLive = state.name === 'live';
    if (state.name === 'waiting' || state.name === 'trying' || state.name === 'signed-out') side.lost();
    if (!isLive) return side.reset();
    side.found();
    // What could not be done for want of a connection can be done again.
    if (!wasLive && !isFirstLive && !isLasting) explain('');
    view.caughtUp();
    outbox.flush();
    if (!isFirstLive) return;
    isFirstLive = false;
    keepPage();
    side.load();
    writing.loadWaiting();
  }

  // Another tab has written, or sent what both of us saw waiting.
  addEventListener('storage', () => {
    writing.reread();
    view.changed();
    status.redraw();
    side.redraw();
    if (isLive) outbox.flush(); // it may be closed before it is through
  });
  addEventListener('popstate', ({ state }) => (takeToken() ? location.reload() : arrive(toReading(state))));
  arrive();
}
