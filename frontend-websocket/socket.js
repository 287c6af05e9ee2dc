/** One WebSocket from its opening to its end. It never opens again: that is for its owner to decide. */
import { advance } from '../frontend-shared/cursor.js';
import { canRetry } from '../frontend-shared/outgoing.js';
/** @import { Message, Problem, ServerEnvelope } from '../protocol/envelope.ts' */
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
/** A command that changes nothing, and is answered all the same. Browsers let no page send a ping. */
const PROOF = { command: 'unsubscribe', message: { room: 'nobody-is-here' } };

/**
 * @typedef {object} Socket
 * @property {Promise<{ wasLive: boolean }>} ended
 * @property {(outgoing: Outgoing) => Promise<Delivery>} send never rejects
 * @property {() => void} check ends it unless the server answers soon
 * @property {() => void} end
 */

/**
 * @param {Pick<LinkParts, 'room' | 'onMessages' | 'onReset'>} parts
 * @param {Position} position is moved, once everything that was missed is here
 * @param {() => void} onLive
 * @returns {Socket}
 */
export function openSocket({ room, onMessages, onReset }, position, onLive) {
  const socket = new WebSocket(toUrl(room, position.since));
  const listening = new AbortController();
  /** @type {Map<string, (answer: ServerEnvelope | undefined) => void>} by key; undefined when none will come */
  const asked = new Map();
  let isLive = false;
  let heardAt = Date.now();
  let proofs = 0;
  /** @type {PromiseWithResolvers<{ wasLive: boolean }>} */
  const { promise: ended, resolve } = Promise.withResolvers();

  // Not left to the browser: on a dead network it waits for a goodbye that never comes.
  function end() {
    clearTimeout(deadline);
    clearInterval(watch);
    listening.abort();
    socket.close();
    resolve({ wasLive: isLive });
    for (const answer of asked.values()) answer(undefined);
    asked.clear();
  }

  const { signal } = listening;
  socket.addEventListener('close', end, { signal });
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
    end,
    async send({ key, ...message }) {
      const { user, message: text } = message;
      const command = { command: 'send-message', message: { room: message.room, user, message: text } };
      return toDelivery(await request(command, key, ANSWER_WITHIN_MS));
    },
  };
}

/** @type {(answer: ServerEnvelope | undefined) => Delivery} */
function toDelivery(answer) {
  if (answer?.command === 'accepted') {
    return { outcome: 'sent', message: /** @type {Message} */ (answer.message) };
  }
  const problem = /** @type {Problem | undefined} */ (answer?.message);
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
  url.search = String(new URLSearchParams(since === undefined ? { room } : { room, since }));
  return url.href;
}
