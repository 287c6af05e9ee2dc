/**
 * Calls somebody who is spoken to while they look elsewhere: once for a message, however many tabs of this browser have
 * heard of it, and not at all while one of them is looked at.
 */
import { playChime } from './chime.js';
import { isLookedAt } from '../room/looked-at.js';
import { pause } from '../link/pause.js';
import { toPlainLine } from '../room/rich-text.js';
import { toAddress } from './room-name.js';
import { words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Preferences } from './preferences.js' */
/** @import { Store } from '../storage.js' */

/** Ids of the messages that somebody was called for, kept for all tabs. */
const CALLED = 'since.called';
/** As many as may come before the slowest tab has heard of the first. */
const MAX_KEPT = 50;
/** Milliseconds after which all tabs have surely read what one of them keeps. */
const KEPT_WITHIN_MS = 10_000;
/** Characters: what systems show of it at most. */
const MAX_BODY = 200;

/**
 * @param {object} parts
 * @param {Store} parts.store shared by all tabs
 * @param {Preferences} parts.preferences
 * @param {LockManager | undefined} parts.locks undefined where the page does not come over TLS
 * @param {(message: Message) => void} parts.onChosen
 * @returns {(message: Message) => Promise<void>} to be called in a hidden tab
 */
export function createAttention({ store, preferences, locks, onChosen }) {
  /** @type {(id: number) => boolean} whether nobody was called for it yet */
  function note(id) {
    const called = (store.get(CALLED) ?? '').split(' ').filter(Boolean);
    if (called.includes(String(id))) return false;
    store.set(CALLED, [...called, id].slice(-MAX_KEPT).join(' '));
    return true;
  }

  /** @type {(id: number) => Promise<boolean>} whether it is this tab that is to call */
  async function claim(id) {
    if (!locks) return note(id);
    /** @type {PromiseWithResolvers<boolean>} */
    const { promise, resolve } = Promise.withResolvers();
    const hold = async (/** @type {Lock | null} */ lock) => {
      resolve(lock !== null && note(id));
      // What a tab keeps is there for the others a moment later; until then they find this.
      if (lock) await pause(KEPT_WITHIN_MS, new AbortController().signal);
    };
    // Where a browser may store nothing it gives no locks either.
    locks.request(`${CALLED}.${id}`, { ifAvailable: true }, hold).catch(() => resolve(note(id)));
    return promise;
  }

  return async (message) => {
    if (await isLookedAt(locks)) return;
    if (!(await claim(message.id))) return;
    if (preferences.has('sound')) playChime();
    if (preferences.has('notifications')) notify(message, onChosen);
  };
}

/** @type {(message: Message, onChosen: (message: Message) => void) => void} */
function notify(message, onChosen) {
  if (!canNotify()) return;
  const title = words.attention.title(message.user, message.room);
  const options = { body: toPlainLine(message.message).slice(0, MAX_BODY), tag: `since-${message.id}` };
  try {
    const notification = new Notification(title, options);
    notification.addEventListener('click', () => {
      window.focus();
      notification.close();
      onChosen(message);
    });
  } catch {
    // Phones let only a service worker do this; who chooses it is led to the message by that.
    const address = new URL(toAddress(message.room, message.id), new URL(location.pathname, location.origin));
    void notifyByWorker(title, { ...options, data: address.href });
  }
}

/** @type {(title: string, options: NotificationOptions) => Promise<void>} */
async function notifyByWorker(title, options) {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.showNotification(title, options).catch(() => {}); // the permission may be gone by now
}

/** @type {() => boolean} */
const canNotify = () => 'Notification' in globalThis && Notification.permission === 'granted';
