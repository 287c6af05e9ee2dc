/**
 * Long polling: one request is always held by the server, and is answered when there is something. Where nobody looks,
 * nobody waits for it, so there it rests.
 */
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from './backoff.js';
import { sendCommand, sendTyping } from './commands-api.js';
import { Refused } from './http.js';
import { ask, isSignedOut } from './link.js';
import { HOLD_S, postMessage } from './messages-api.js';
import { pause } from './pause.js';
import { createRequestRate } from './request-rate.js';
import { createSlots } from './slots.js';
/** @import { Listening, ListenParts, OpenLink } from './link.js' */
/** @import { Slots } from './slots.js' */

/** Milliseconds at least, where more rooms are listened to than requests may be held: each has its turn. */
const MIN_HOLD_MS = 2_000;
/** Requests held at a time; of the six that a browser allows to one server, some are for what people do. */
const MAX_HELD = 4;
/** Milliseconds between questions in a hidden tab; under the minute after which its person no longer counts as here. */
export const REST_MS = 55_000;
/** Milliseconds between the starts of two questions, so that a burst of messages comes in a few answers. */
const SPACING_MS = 100;
/** Milliseconds, when there was nothing in the last answer: a server that does not hold requests is not to be flooded. */
const EMPTY_SPACING_MS = 1_000;

/** What all rooms that are polled by one tab have to share. */
export const createHeld = () => createSlots(MAX_HELD);

/** @type {OpenLink} */
export function openPolling() {
  const slots = createHeld();
  /** @type {Set<() => void>} */
  const stops = new Set();
  return {
    listen(parts) {
      const { stop, ...polling } = startPolling(parts, slots);
      stops.add(stop);
      const stopOnce = () => {
        stops.delete(stop);
        stop();
      };
      return { ...polling, stop: stopOnce };
    },
    send: postMessage,
    request: sendCommand,
    close: () => stops.forEach((stop) => stop()),
  };
}

/**
 * @param {Omit<ListenParts, 'onPresence'>} parts
 * @param {Slots} slots
 * @param {'polling' | 'fallback'} [by]
 * @returns {Listening}
 */
export function startPolling(parts, slots, by = 'polling') {
  const { room, life, onState, onTyping } = parts;
  const backoff = createBackoff();
  const rate = createRequestRate();
  const stopping = new AbortController();
  let underWay = new AbortController();
  /** The last answer held everything, and nothing has happened since that casts doubt on it. */
  let upToDate = false;
  /** The server said how long to leave it alone; nothing that happens to the page makes that shorter. */
  let notBefore = 0;
  /** Up to where the server has told who is writing. */
  let typing = 0;

  async function run() {
    while (!stopping.signal.aborted) {
      underWay = new AbortController();
      const { signal } = underWay;
      try {
        await step(signal);
      } catch (error) {
        // Cut short on purpose: whoever did it wants the next step at once.
        if (!signal.aborted) await sitOut(error, signal);
      }
    }
  }

  /** @type {(signal: AbortSignal) => Promise<void>} */
  async function step(signal) {
    if (upToDate && life.isHidden()) await pause(REST_MS, signal);
    await pause(notBefore - Date.now(), signal);
    if (signal.aborted) return;
    const mayHold = upToDate && !life.isHidden();
    const giveBack = mayHold ? await slots.take(letOthers, signal) : () => {};
    try {
      if (!signal.aborted) await askOnce(mayHold, signal);
    } finally {
      giveBack();
    }
  }

  // Another room is to have its turn. What is held has given nothing yet, so cutting it loses nothing.
  function letOthers() {
    const cutting = underWay;
    void pause(MIN_HOLD_MS, cutting.signal).then(() => cutting.abort());
  }

  /** @type {(mayHold: boolean, signal: AbortSignal) => Promise<void>} */
  async function askOnce(mayHold, signal) {
    const startedAt = Date.now();
    rate.asked(startedAt, life.isHidden() ? REST_MS / 1000 : HOLD_S);
    const asked = { waitS: mayHold ? HOLD_S : 0, signal, typing: life.isHidden() ? undefined : typing };
    const { count, more, typists, nextTyping = typing } = await ask(parts, asked);
    if (signal.aborted) return;
    typists.forEach(onTyping);
    const isEmpty = count === 0 && nextTyping === typing;
    typing = nextTyping;
    backoff.reset();
    upToDate = !more;
    if (!upToDate) return;
    onState({ name: 'live', travel: { by, everyS: rate.everyS() } });
    const spacingMs = mayHold && isEmpty ? EMPTY_SPACING_MS : SPACING_MS;
    await pause(startedAt + spacingMs - Date.now(), signal);
  }

  /** @type {(error: unknown, signal: AbortSignal) => Promise<void>} */
  async function sitOut(error, signal) {
    upToDate = false;
    if (isSignedOut(error)) {
      onState({ name: 'signed-out' });
      return stop();
    }
    const retryAfterMs = error instanceof Refused ? error.retryAfterMs : undefined;
    const waitMs = backoff.afterFailure(life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS, retryAfterMs);
    if (retryAfterMs !== undefined) notBefore = Date.now() + waitMs;
    onState({ name: 'waiting', until: Date.now() + waitMs });
    await pause(waitMs, signal);
    if (!stopping.signal.aborted) onState({ name: 'trying' });
  }

  function askAgain() {
    upToDate = false;
    underWay.abort();
  }

  const endListening = life.listen((event) => {
    if (event === 'hidden') return underWay.abort();
    if (event === 'offline') onState({ name: 'trying' });
    else if (upToDate) doubt();
    askAgain();
  });

  function doubt() {
    onState({ name: 'catching-up' });
  }

  function stop() {
    stopping.abort();
    endListening();
    underWay.abort();
  }

  void run();
  return {
    tellTyping(user) {
      if (upToDate) void sendTyping(room, user);
    },
    // A server that hangs takes long to be given up: until it has answered, nobody knows whether this is live.
    check() {
      if (!upToDate) return;
      doubt();
      askAgain();
    },
    stop,
  };
}
