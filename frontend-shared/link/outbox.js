/**
 * What was written and is not yet accepted. It is kept before it is sent, with the key that makes sending it again
 * harmless, and leaves when the server has said yes or no: so each message is posted exactly once, also when the page is
 * reloaded, when an answer is lost, or when several tabs find the same message waiting.
 */
import { parseOutgoing } from './outgoing.js';
/** @import { Message, Problem } from '../../protocol/envelope.ts' */
/** @import { Backoff } from './backoff.js' */
/** @import { Delivery, Outgoing } from './outgoing.js' */
/** @import { Store } from '../storage.js' */

// An entry a message, not one list: tabs write at the same time, and a list would be written over.
const PREFIX = 'since.outbox.';
/** Milliseconds. A train ride or a meeting is shorter; after a night one wants to look at it again before others do. */
export const LATE_AFTER_MS = 4 * 60 * 60 * 1000;
/** Times that the server says it has failed over the same message, until others need not wait behind it any more. */
const MAX_FAILURES = 5;

/**
 * @typedef {object} Outbox
 * @property {(text: Omit<Outgoing, 'key' | 'order'>) => void} add keeps it, then sends it when its turn comes
 * @property {() => Outgoing[]} waiting in the order in which they were written, by whichever tab; also those held back
 * @property {(key: string) => void} retry what was held back
 * @property {(key: string) => void} discard what was held back; what is on its way cannot be called back
 * @property {() => void} flush send at once what waits, also when the next attempt was to come later
 * @property {(key: string | undefined) => boolean} confirm it was seen among the messages: the answer need not come any
 *   more. Says whether it was waited for
 */
/**
 * @typedef {object} OutboxParts
 * @property {Store} store shared by all tabs
 * @property {(send: () => Promise<void>) => Promise<void>} inTurn runs one tab's sending at a time
 * @property {(outgoing: Outgoing) => Promise<Delivery>} deliver never rejects
 * @property {() => string} newKey
 * @property {() => number} now milliseconds
 * @property {() => boolean} isLive messages come, so the server is well
 * @property {(act: () => void, ms: number) => () => void} later returns what calls it off
 * @property {Backoff} backoff
 * @property {() => number} capMs
 * @property {() => void} onChange what waits is not what it was
 * @property {(message: Message) => void} onSent
 * @property {(outgoing: Outgoing) => void} onScheduled the server keeps it until its time
 * @property {(outgoing: Outgoing, problem: Problem) => void} onRefused it has left the outbox, and its text is the person's again
 * @property {(outgoing: Outgoing) => void} onHeld it stays, and waits for a person
 * @property {() => void} onFailed the way to the server may be broken
 */

/**
 * @param {OutboxParts} parts
 * @returns {Outbox}
 */
export function createOutbox(parts) {
  const { store, newKey, now, onChange } = parts;
  let isSending = false;
  let again = false;
  let callOff = () => {};
  /** The server said how long to leave it alone; nothing that happens here makes that shorter. */
  let notBefore = 0;
  /** @type {Map<string, number>} by key */
  const failures = new Map();

  const waiting = () =>
    store
      .names()
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => parseOutgoing(store.get(name)))
      .filter((one) => one !== undefined)
      .toSorted((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));

  const toSend = () => waiting().filter(({ held }) => held === undefined);

  /** @type {(outgoing: Outgoing) => void} */
  const keep = (outgoing) => {
    store.set(PREFIX + outgoing.key, JSON.stringify(outgoing));
    onChange();
  };

  const nextOrder = () => Math.max(now(), (waiting().at(-1)?.order ?? 0) + 1);

  /** @type {(key: string) => void} */
  const remove = (key) => {
    failures.delete(key);
    store.remove(PREFIX + key);
    onChange();
  };

  function flush() {
    callOff();
    const waitMs = notBefore - now();
    if (waitMs > 0) {
      callOff = parts.later(flush, waitMs);
      return;
    }
    again = true;
    if (!isSending) void sendUntilQuiet();
  }

  // Written while the last one was being sent: its call found the sending under way, and must not be forgotten.
  async function sendUntilQuiet() {
    isSending = true;
    try {
      while (again) {
        again = false;
        if (toSend().length > 0) await parts.inTurn(sendAll);
      }
    } finally {
      isSending = false;
    }
  }

  // Reads anew after each one: another tab may have sent some of them, or written more.
  async function sendAll() {
    for (let [next] = toSend(); next; [next] = toSend()) {
      if (isLate(next)) {
        hold(next, 'late');
        continue;
      }
      const delivery = await parts.deliver(next);
      if (delivery.outcome === 'failed' && !isHopeless(next, delivery.problem))
        return waitAndRetry(delivery.retryAfterMs);
      parts.backoff.reset();
      settle(next, delivery);
    }
  }

  /** @type {(outgoing: Outgoing) => boolean} what is for a time of its own is judged by the server */
  const isLate = ({ order, sendAt }) => sendAt === undefined && now() - order > LATE_AFTER_MS;

  /**
   * Being busy, or away, says nothing about a message; nor does a server that fails over everything, nor what stands before
   * one that is away: 502 and the like.
   * @type {(outgoing: Outgoing, problem: Problem | undefined) => boolean}
   */
  function isHopeless({ key }, problem) {
    if (problem?.status !== 500 || !parts.isLive()) return false;
    failures.set(key, (failures.get(key) ?? 0) + 1);
    return (failures.get(key) ?? 0) >= MAX_FAILURES;
  }

  /** @type {(outgoing: Outgoing, held: 'late' | 'failed') => void} */
  function hold(outgoing, held) {
    failures.delete(outgoing.key);
    if (store.get(PREFIX + outgoing.key) === null) return;
    keep({ ...outgoing, held });
    parts.onHeld({ ...outgoing, held });
  }

  /** @type {(outgoing: Outgoing, delivery: Delivery) => void} */
  function settle(outgoing, delivery) {
    if (delivery.outcome === 'failed') return hold(outgoing, 'failed');
    // First what is shown, then what waits, so that there is no moment in which the text is nowhere.
    if (delivery.outcome === 'sent') parts.onSent(delivery.message);
    else if (delivery.outcome === 'scheduled') parts.onScheduled(outgoing);
    else parts.onRefused(outgoing, delivery.problem);
    remove(outgoing.key);
  }

  /** @type {(retryAfterMs: number | undefined) => void} */
  function waitAndRetry(retryAfterMs) {
    const waitMs = parts.backoff.afterFailure(parts.capMs(), retryAfterMs);
    if (retryAfterMs !== undefined) notBefore = now() + waitMs;
    callOff();
    callOff = parts.later(flush, waitMs);
    parts.onFailed();
  }

  return {
    add(text) {
      keep({ key: newKey(), ...text, order: nextOrder() });
      flush();
    },
    waiting,
    flush,
    retry(key) {
      const outgoing = parseOutgoing(store.get(PREFIX + key));
      if (outgoing?.held === undefined) return;
      const { held: _held, ...again } = outgoing;
      // As if it were written now: that is where it will stand.
      keep({ ...again, order: nextOrder() });
      flush();
    },
    discard(key) {
      if (parseOutgoing(store.get(PREFIX + key))?.held !== undefined) remove(key);
    },
    confirm(key) {
      if (key === undefined || store.get(PREFIX + key) === null) return false;
      remove(key);
      return true;
    },
  };
}

/**
 * One tab sends at a time, so that not each of them asks the server the same. Nothing depends on it: where the browser has
 * no locks (a page that came over plain HTTP from another machine) or gives none (where it may store nothing), the key makes
 * several requests one message, and no tab goes on to the next before the first has been answered.
 * @type {(locks: LockManager | undefined) => (send: () => Promise<void>) => Promise<void>}
 */
export const takeTurns = (locks) => async (send) => {
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return send();
  };
  try {
    await (locks ? locks.request('since.outbox', begin) : begin());
  } catch (error) {
    if (hasBegun) throw error;
    await begin();
  }
};
