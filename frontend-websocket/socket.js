/** One WebSocket from its opening to its end. It never opens again: that is for its owner to decide. */
import { advance } from '../frontend-shared/cursor.js';
import { isMessage } from '../frontend-shared/is-message.js';
import { newKey } from '../frontend-shared/new-key.js';
import { readToken } from '../frontend-shared/sign-in.js';
import { canRetry, toAccepted, toBody } from '../frontend-shared/outgoing.js';
/** @import { Problem, ServerEnvelope } from '../protocol/envelope.ts' */
/** @import { Answer, Command } from '../frontend-shared/commands-api.js' */
/** @import { LinkParts, Position } from '../frontend-shared/link.js' */
/** @import { Delivery, Outgoing } from '../frontend-shared/outgoing.js' */

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
 * @property {(outgoing: Outgoing) => Promise<Delivery | undefined>} send never rejects; undefined where the server does
 *   not know who is there, as told at its opening
 * @property {(command: Command) => Promise<Answer | undefined>} request likewise
 * @property {(user: string) => void} tellTyping
 * @property {() => void} check ends it unless the server answers soon
 * @property {() => void} end
 */

/**
 * @param {Pick<LinkParts, 'room' | 'onMessages' | 'onReset' | 'onTyping' | 'onPresence'>} parts
 * @param {Position} position is moved, once everything that was missed is here
 * @param {() => void} onLive
 * @returns {Socket}
 */
export function openSocket({ room, onMessages, onReset, onTyping, onPresence }, position, onLive) {
  const socket = new WebSocket(toUrl(room, position.since));
  const listening = new AbortController();
  /** @type {Map<string, (answer: ServerEnvelope | undefined) => void>} by key; undefined when none will come */
  const asked = new Map();
  let isLive = false;
  let heardAt = Date.now();
  let proofs = 0;
  /** @type {PromiseWithResolvers<{ wasLive: boolean, isSignedOut: boolean }>} */
  const { promise: ended, resolve } = Promise.withResolvers();

  // Not left to the browser: on a dead network it waits for a goodbye that never comes.
  function end(isSignedOut = false) {
    clearTimeout(deadline);
    clearInterval(watch);
    listening.abort();
    socket.close();
    resolve({ wasLive: isLive, isSignedOut });
    for (const answer of asked.values()) answer(undefined);
    asked.clear();
  }

  const { signal } = listening;
  socket.addEventListener('close', ({ code }) => end(code === SIGNED_OUT), { signal });
  socket.addEventListener('open', () => expectWithin(CATCH_UP_WITHIN_MS), { signal });
  socket.addEventListener(
    'message',
    ({ data }) => {
      heardAt = Date.now();
      if (!isLive) expectWithin(CATCH_UP_WITHIN_MS);
      hear(/** @type {ServerEnvelope} */ (JSON.parse(String(data))));
    },
    { signal },
  );
  let deadline = setTimeout(end, OPEN_WITHIN_MS);
  const watch = setInterval(() => isLive && Date.now() - heardAt > SILENCE_MS && check(), SILENCE_MS / 3);

  /** @type {(ms: number) => void} */
  function expectWithin(ms) {
    clearTimeout(deadline);
    deadline = setTimeout(end, ms);
  }

  /** @type {(envelope: ServerEnvelope) => void} commands that are not known are for newer pages */
  function hear(envelope) {
    const { command, message } = envelope;
    if (command === 'message') {
      if (!isMessage(message)) return;
      onMessages([message]);
      // Before everything missed is here, an end in between would leave a gap behind a position that had moved.
      if (isLive) position.since = advance(position.since ?? '', message.seq);
    } else if (command === 'caught-up') {
      clearTimeout(deadline);
      position.since = message.since;
      isLive = true;
      onLive();
    } else if (command === 'reset') {
      position.since = undefined;
      onReset();
    } else if (command === 'typing') {
      if (message.room === room) onTyping(message.user);
    } else if (command === 'presence') {
      if (message.room === room) onPresence(message.online);
    } else if (command === 'accepted' || command === 'rejected') {
      asked.get(envelope.key ?? '')?.(envelope);
    }
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

  function check() {
    proofs += 1;
    void request(PROOF, `proof-${proofs}`, PROOF_WITHIN_MS);
  }

  return {
    ended,
    check,
    end: () => end(),
    async send(outgoing) {
      const command = { command: 'send-message', message: toBody(outgoing) };
      return toDelivery(await request(command, outgoing.key, ANSWER_WITHIN_MS));
    },
    request: async (command) => toAnswer(await request(command, newKey(), ANSWER_WITHIN_MS)),
    tellTyping(user) {
      if (!isLive || socket.readyState !== WebSocket.OPEN) return;
      socket.send(JSON.stringify({ command: 'typing', message: { room, user } }));
    },
  };
}

/** @type {(answer: ServerEnvelope | undefined) => Answer | undefined} */
function toAnswer(answer) {
  if (answer?.command === 'accepted') return { outcome: 'done', message: answer.message };
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
    return { outcome: 'failed', retryAfterMs: seconds === undefined ? undefined : seconds * 1000 };
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
