/**
 * The tabs of one page share one link to the server: a browser opens six connections to a server of HTTP/1.1, and a seventh
 * tab would wait for ever. One tab leads, and listens for all; it is the one that holds a lock, which the browser gives to
 * the next as soon as that tab is closed or crashes. One that is frozen keeps its lock and says nothing: that is noticed,
 * and the lock is taken from it. Nothing is lost in between, as each tab knows its own position.
 */
import { sendCommand } from './commands-api.js';
import { createHub } from './hub.js';
import { createListener } from './listener.js';
import { postMessage } from './messages-api.js';
/** @import { Answer, Command } from './commands-api.js' */
/** @import { Hub, HubEvent, Showing } from './hub.js' */
/** @import { OpenLink } from './link.js' */
/** @import { Listener, ListenerParts } from './listener.js' */
/** @import { Delivery, Outgoing } from './outgoing.js' */
/** @import { PageLife } from './page-life.js' */

/** Milliseconds in which a leading tab answers: it may be busy, and a hidden one is slow. */
const ANSWER_WITHIN_MS = 3_000;
/** Milliseconds without a word from it, until it is asked whether it is there. */
const SILENCE_MS = 10_000;

/**
 * @typedef {{ to: 'hub', tab: string } & (
 *   | { kind: 'follow', showing: Showing }
 *   | { kind: 'leave' }
 *   | { kind: 'typing', room: string, user: string }
 *   | { kind: 'check', room: string })} ToHub
 */
/** @typedef {{ to: 'tabs', kind: 'lead' } | { to: 'tabs', kind: 'event', event: HubEvent }} ToTabs Lead: another leads now. */
/**
 * @typedef {object} Sharing
 * @property {(parts: ListenerParts) => void} show this tab shows a room, and no other any more
 * @property {() => void} check
 * @property {(user: string) => void} tellTyping
 * @property {(outgoing: Outgoing) => Promise<Delivery>} send never rejects
 * @property {(command: Command) => Promise<Answer>} request never rejects
 */

/**
 * @param {object} parts
 * @param {string} parts.name the same in all tabs that may share, and in no others
 * @param {OpenLink} parts.openLink
 * @param {PageLife} parts.life
 * @param {() => string} parts.newName
 * @param {LockManager | undefined} [parts.locks] undefined where a page came over plain HTTP from another machine
 * @returns {Sharing}
 */
export function createSharing({ name, openLink, life, newName, locks = navigator.locks }) {
  const tab = newName();
  /** @type {Hub | undefined} while this tab leads */
  let hub;
  /** @type {Listener | undefined} */
  let listener;
  /** The room that it shows. @type {string | undefined} */
  let shows;
  /** @type {import('./link.js').Position} */
  let position = { since: undefined };
  let heardAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let answerTimer;
  /** It has no part in it any more. */
  let isOver = false;
  /** Ends its waiting for the lead, or its leading. */
  let standing = new AbortController();
  /** Ends what tells the others that it is there. */
  let living = new AbortController();
  const channel = locks && openChannel(name);

  // A channel reaches this origin only.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  const post = (/** @type {ToTabs | ToHub} */ message) => channel?.postMessage(message);
  /** @type {(event: HubEvent) => void} */
  const tell = (event) => {
    const isOut = event.kind === 'state' && event.state.name === 'signed-out';
    // That is so for the token of this tab; another may have a newer one.
    if (!isOut) post({ to: 'tabs', kind: 'event', event });
    listener?.hear(event);
    if (isOut) leaveForGood();
  };

  /** Says what this tab shows, which is also how it asks whether somebody leads. */
  function follow(isShownAgain = false) {
    if (!shows || isOver) return;
    const showing = { room: shows, since: position.since, isHidden: life.isHidden(), isShownAgain };
    if (hub) return hub.follow(tab, showing);
    if (!channel) return lead();
    post({ to: 'hub', tab, kind: 'follow', showing });
    answerTimer ??= setTimeout(takeOver, ANSWER_WITHIN_MS);
  }

  function lead() {
    clearTimeout(answerTimer);
    answerTimer = undefined;
    hub = createHub({ openLink, life, newName, tell });
    post({ to: 'tabs', kind: 'lead' });
    follow();
  }

  function stepDown() {
    hub?.close();
    hub = undefined;
  }

  /** @type {(options?: LockOptions) => Promise<void>} */
  async function stand(options = {}) {
    if (!locks) return;
    const { signal } = standing;
    try {
      await locks.request(name, options.steal ? options : { signal }, () => {
        if (signal.aborted) return undefined;
        lead();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
      });
    } catch {
      // Another took the lock, as this tab had been frozen; or the browser gives none.
      if (signal.aborted) return;
      const wasLeading = hub !== undefined;
      stepDown();
      if (!wasLeading) return lead();
      follow();
      void stand();
    }
  }

  // Only where somebody looks: a hidden tab can wait, and may be frozen itself.
  function takeOver() {
    answerTimer = undefined;
    if (hub || life.isHidden()) return;
    standing.abort();
    standing = new AbortController();
    void stand({ steal: true });
  }

  /** @type {(message: ToHub) => void} */
  function serve(message) {
    if (!hub) return;
    if (message.kind === 'follow') {
      awaitEndOf(message.tab);
      hub.follow(message.tab, message.showing);
    } else if (message.kind === 'leave') hub.leave(message.tab);
    else if (message.kind === 'typing') hub.tellTyping(message.room, message.user);
    else hub.check(message.room);
  }

  /** @type {Set<string>} */
  const awaited = new Set();

  /** @type {(other: string) => void} each tab holds a lock of its own for as long as it lives */
  function awaitEndOf(other) {
    if (awaited.has(other) || !locks) return;
    awaited.add(other);
    const end = () => {
      awaited.delete(other);
      hub?.leave(other);
    };
    locks.request(`${name} ${other}`, end).catch(end);
  }

  /** @type {(message: ToTabs | ToHub) => void} */
  function receive(message) {
    if (message.to === 'hub') return serve(message);
    if (isOver) return;
    heardAt = Date.now();
    clearTimeout(answerTimer);
    answerTimer = undefined;
    if (message.kind === 'lead') return hub ? undefined : follow();
    if (!hub) listener?.hear(message.event);
  }

  async function join() {
    standing = new AbortController();
    living = new AbortController();
    const { signal } = living;
    await holdOwnLock(signal);
    if (signal.aborted) return;
    void stand();
    if (!hub) follow();
  }

  /** @type {(signal: AbortSignal) => Promise<void>} resolves when it is held, or cannot be had */
  const holdOwnLock = (signal) =>
    new Promise((resolve) => {
      locks
        ?.request(`${name} ${tab}`, () => {
          resolve();
          return new Promise((end) => signal.addEventListener('abort', end));
        })
        .catch(() => resolve());
    });

  // What is put aside must hold nothing that others wait for.
  function part() {
    if (!channel) return;
    clearTimeout(answerTimer);
    answerTimer = undefined;
    if (!hub) post({ to: 'hub', tab, kind: 'leave' });
    stepDown();
    standing.abort();
    living.abort();
    listener?.doubt();
  }

  function leaveForGood() {
    isOver = true;
    if (channel) part();
    else stepDown();
  }

  if (channel) {
    channel.addEventListener('message', ({ data }) => receive(/** @type {ToTabs | ToHub} */ (data)));
    addEventListener('pagehide', part);
    document.addEventListener('freeze', part);
    addEventListener('pageshow', ({ persisted }) => persisted && !isOver && void join());
    document.addEventListener('resume', () => living.signal.aborted && !isOver && void join());
    setInterval(() => {
      if (!hub && !life.isHidden() && Date.now() - heardAt > SILENCE_MS) follow();
    }, SILENCE_MS / 2);
  }
  life.listen((event) => {
    if (!hub && (event === 'shown' || event === 'woken')) listener?.doubt();
    follow(event === 'shown');
  });

  /** @type {Promise<void> | undefined} */
  let joined;

  return {
    show(parts) {
      listener?.stop();
      listener = createListener(parts);
      position = parts.position;
      shows = parts.room;
      if (channel && !joined) joined = join();
      else follow();
    },
    check() {
      if (hub && shows) hub.check(shows);
      else if (shows) post({ to: 'hub', tab, kind: 'check', room: shows });
    },
    tellTyping(user) {
      if (!shows) return;
      if (hub) hub.tellTyping(shows, user);
      else post({ to: 'hub', tab, kind: 'typing', room: shows, user });
    },
    send: (outgoing) => (hub ? hub.link.send(outgoing) : postMessage(outgoing)),
    request: (command) => (hub ? hub.link.request(command) : sendCommand(command)),
  };
}

/** @type {(name: string) => BroadcastChannel | undefined} */
function openChannel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined; // there is none, or it is forbidden to this site
  }
}
