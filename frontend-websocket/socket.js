/** One WebSocket from its opening to its end, for all rooms. It never opens again: that is for its owner to decide. */
import { advance } from '../frontend-shared/link/cursor.js';
import { isMessage } from '../frontend-shared/link/is-message.js';
import { newKey } from '../frontend-shared/link/new-key.js';
import { readToken } from '../frontend-shared/link/sign-in.js';
import { canRetry, toAccepted, toBody } from '../frontend-shared/link/outgoing.js';
import { parseEnvelope } from './envelope.js';
/** @import { Message, Problem, ServerEnvelope } from '../protocol/envelope.ts' */
/** @import { Answer, Command } from '../frontend-shared/link/commands-api.js' */
/** @import { ListenParts } from '../frontend-shared/link/link.js' */
/** @import { Delivery, Outgoing } from '../frontend-shared/link/outgoing.js' */

/** Milliseconds until it must be open: what blocks it may say nothing at all. */
const OPEN_WITHIN_MS = 5_000;
/** Milliseconds until something more of what was missed must be here. */
const CATCH_UP_WITHIN_MS = 10_000;
/** Milliseconds for the answer to a command. */
const ANSWER_WITHIN_MS = 10_000;
/** Milliseconds for an answer that costs the server nothing, and that is asked for only in doubt. */
const PROOF_WITHIN_MS = 3_000;
/** Milliseconds of silence that are no reason to doubt. */
const SILENCE_MS = 45_000;
/** The close code of a server that no longer takes the sign-in: registered as "Unauthorized". */
const SIGNED_OUT = 3000;
/** A command that changes nothing, and is answered all the same. Browsers let no page send a ping. */
const PROOF = { command: 'unsubscribe', message: { room: 'nobody-is-here' } };

/**
 * @typedef {object} Socket
 * @property {Promise<{ wasLive: boolean, isSignedOut: boolean }>} ended
 * @property {(parts: ListenParts) => void} follow one more room
 * @property {(room: string) => void} leave
 * @property {(room: string) => boolean} isLive everything of the room that was missed is here
 * @property {(outgoing: Outgoing) => Promise<Delivery | undefined>} send never rejects; undefined where the server does
 *   not know who is there, as told at its opening
 * @property {(command: Command) => Promise<Answer | undefined>} request likewise
 * @property {(room: string, user: string) => void} tellTyping
 * @property {() => Promise<boolean>} check ends it unless the server answers soon; whether it has
 * @property {() => void} end
 */
/**
 * @typedef {object} Followed
 * @property {ListenParts} parts
 * @property {boolean} isLive
 * @property {string | undefined} awaits the key whose answer comes before what belongs to this: what comes earlier was asked
 *   for by one that has left the room, and may lack what this one misses
 */

/**
 * @param {ListenParts} first the server is asked for the messages of this room at once
 * @param {readonly ListenParts[]} others
 * @param {(room: string) => void} onLive everything that was missed in a room is here
 * @returns {Socket}
 */
export function openSocket(first, others, onLive) {
  const socket = new WebSocket(toUrl(first.room, first.position.since));
  const listening = new AbortController();
  /** @type {Map<string, (answer: ServerEnvelope | undefined) => void>} by key; undefined when none will come */
  const asked = new Map();
  /** @type {Map<string, Followed>} by room */
  const rooms = new Map([[first.room, { parts: first, isLive: false, awaits: undefined }]]);
  let wasLive = false;
  let heardAt = Date.now();
  let proofs = 0;
  /** @type {PromiseWithResolvers<{ wasLive: boolean, isSignedOut: boolean }>} */
  const { promise: ended, resolve } = Promise.withResolvers();

  // Not left to the browser: on a dead network it waits for a goodbye that never comes.
  function end(isSignedOut = false) {
    clearTimeout(deadline);
    clearInterval(watch);
    listening.abort();
    // A page that is being left has no next turn, and the browser closes what it was opening; told to, it would complain.
    if (socket.readyState === WebSocket.CONNECTING) setTimeout(() => socket.close());
    else socket.close();
    resolve({ wasLive, isSignedOut });
    for (const answer of asked.values()) answer(undefined);
    asked.clear();
  }

  const { signal } = listening;
  socket.addEventListener('close', ({ code }) => end(code === SIGNED_OUT), { signal });
  socket.addEventListener(
    'open',
    () => {
      others.forEach(follow);
      expectMore();
    },
    { signal },
  );
  socket.addEventListener(
    'message',
    ({ data }) => {
      heardAt = Date.now();
      const envelope = parseEnvelope(data);
      if (envelope) hear(envelope);
      expectMore();
    },
    { signal },
  );
  let deadline = setTimeout(end, OPEN_WITHIN_MS);
  const watch = setInterval(() => {
    if (wasLive && Date.now() - heardAt > SILENCE_MS) void check();
  }, SILENCE_MS / 3);

  function expectMore() {
    clearTimeout(deadline);
    if (signal.aborted || rooms.values().every((one) => one.isLive)) return;
    deadline = setTimeout(end, CATCH_UP_WITHIN_MS);
  }

  /** @type {(envelope: ServerEnvelope) => void} */
  function hear(envelope) {
    const { command, message } = envelope;
    if (command === 'accepted' || command === 'rejected') return asked.get(envelope.key ?? '')?.(envelope);
    const followed = 'room' in message ? rooms.get(message.room) : undefined;
    if (!followed || followed.awaits !== undefined) return;
    const { parts } = followed;
    if (command === 'message') hearMessage(followed, message);
    else if (command === 'caught-up') {
      move(parts, message.since);
      followed.isLive = wasLive = true;
      onLive(parts.room);
    } else if (command === 'reset') {
      parts.position.since = undefined;
      followed.isLive = false;
      parts.onReset();
    } else if (command === 'typing') parts.onTyping(message.user);
    else if (command === 'presence') parts.onPresence(message.online);
  }

  /** @type {(followed: Followed, message: Message) => void} */
  function hearMessage({ parts, isLive }, message) {
    parts.onMessages([message]);
    // Before everything missed is here, an end in between would leave a gap behind a position that had moved.
    if (isLive) move(parts, advance(parts.position.since ?? '', message.seq));
  }

  /** @type {(parts: ListenParts, to: string) => void} */
  function move({ position, onMoved }, to) {
    const from = position.since;
    position.since = to;
    onMoved(from, to);
  }

  /** @type {(command: object, key: string, withinMs: number) => Promise<ServerEnvelope | undefined>} */
  async function request(command, key, withinMs) {
    if (socket.readyState !== WebSocket.OPEN) return undefined;
    /** @type {PromiseWithResolvers<ServerEnvelope | undefined>} */
    const { promise: answer, resolve: settle } = Promise.withResolvers();
    asked.set(key, settle);
    const timer = setTimeout(end, withinMs);
    socket.send(JSON.stringify({ ...command, key }));
    return answer.finally(() => {
      clearTimeout(timer);
      asked.delete(key);
    });
  }

  async function check() {
    proofs += 1;
    return (await request(PROOF, `proof-${proofs}`, PROOF_WITHIN_MS)) !== undefined;
  }

  /** @type {(parts: ListenParts) => void} */
  function follow(parts) {
    const { room, position } = parts;
    const key = newKey();
    /** @type {Followed} */
    const followed = { parts, isLive: false, awaits: key };
    rooms.set(room, followed);
    if (socket.readyState !== WebSocket.OPEN) return void (others = [...others, parts]);
    // Not by a promise: what belongs to it comes right behind the answer.
    asked.set(key, (answer) => {
      asked.delete(key);
      if (answer?.command === 'accepted') followed.awaits = undefined;
      else end();
    });
    const { since } = position;
    socket.send(JSON.stringify({ command: 'subscribe', key, message: { room, ...(since && { since }) } }));
    expectMore();
  }

  return {
    ended,
    check,
    end: () => end(),
    follow,
    isLive: (room) => rooms.get(room)?.isLive === true,
    leave(room) {
      rooms.delete(room);
      others = others.filter((one) => one.room !== room);
      void request({ command: 'unsubscribe', message: { room } }, newKey(), ANSWER_WITHIN_MS);
    },
    async send(outgoing) {
      const command = { command: 'send-message', message: toBody(outgoing) };
      return toDelivery(await request(command, outgoing.key, ANSWER_WITHIN_MS));
    },
    request: async (command) => toAnswer(await request(command, newKey(), ANSWER_WITHIN_MS)),
    tellTyping(room, user) {
      if (!wasLive || socket.readyState !== WebSocket.OPEN) return;
      socket.send(JSON.stringify({ command: 'typing', message: { room, user } }));
    },
  };
}

/** @type {(answer: ServerEnvelope | undefined) => Answer | undefined} */
function toAnswer(answer) {
  if (answer?.command === 'accepted')
    return isMessage(answer.message) ? { outcome: 'done', message: answer.message } : { outcome: 'failed' };
  const problem = /** @type {Problem | undefined} */ (answer?.message);
  if (problem === undefined || problem.status >= 500) return { outcome: 'failed' };
  return problem.status === 401 ? undefined : { outcome: 'refused', problem };
}

/** @type {(answer: ServerEnvelope | undefined) => Delivery | undefined} */
function toDelivery(answer) {
  if (answer?.command === 'accepted') return toAccepted(answer.message);
  const problem = /** @type {Problem | undefined} */ (answer?.message);
  if (problem?.status === 401) return undefined;
  if (problem === undefined || canRetry(problem.status)) {
    const seconds = problem?.retryAfter;
    const retryAfterMs = seconds === undefined ? undefined : seconds * 1000;
    return { outcome: 'failed', retryAfterMs, ...(problem && { problem }) };
  }
  return { outcome: 'refused', problem };
}

/** @type {(room: string, since: string | undefined) => string} */
function toUrl(room, since) {
  const url = new URL('/messages', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const token = readToken();
  url.search = String(new URLSearchParams({ room, ...(since && { since }), ...(token && { access_token: token }) }));
  return url.href;
}
