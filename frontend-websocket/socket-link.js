/**
 * Keeps a WebSocket open, and puts long polling in its place where none can be had: behind a proxy that does not know
 * them, say. Both read on from one position, so nothing is missed or shown twice in between.
 */
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from '../frontend-shared/backoff.js';
import { sendCommand } from '../frontend-shared/commands-api.js';
import { Refused } from '../frontend-shared/http.js';
import { ask, isSignedOut } from '../frontend-shared/link.js';
import { postMessage } from '../frontend-shared/messages-api.js';
import { pause } from '../frontend-shared/pause.js';
import { startPolling } from '../frontend-shared/poller.js';
import { openSocket } from './socket.js';
/** @import { OpenLink, Position } from '../frontend-shared/link.js' */
/** @import { Socket } from './socket.js' */

const LIVE = { name: /** @type {const} */ ('live'), travel: 'WebSocket' };
const FALLBACK = 'Long polling, as no WebSocket can be opened here';
/** WebSockets in a row that could not be opened although the server answers. One may be bad luck, or a restart. */
const BLOCKED_AFTER = 2;
/** Milliseconds a WebSocket must have lasted to count as a success: a server that is too full may close it at once. */
const LASTING_MS = 5_000;
/** Milliseconds at most between attempts to return to a WebSocket. */
const RETURN_CAP_MS = 60_000;

/** @type {OpenLink} */
export function openSocketLink(parts) {
  const { life, onState } = parts;
  /** @type {Position} */
  const position = { since: undefined };
  const backoff = createBackoff();
  const stopping = new AbortController();
  let pausing = new AbortController();
  /** @type {Socket | undefined} */
  let socket;
  let isLive = false;
  /** @type {{ stop: () => void, check: () => void } | undefined} while it stands in for the socket */
  let poller;
  let blocked = 0;

  async function run() {
    while (!stopping.signal.aborted) {
      pausing = new AbortController();
      const wasLive = await useSocket();
      if (stopping.signal.aborted) return;
      const retryAfterMs = wasLive || poller ? undefined : await askInstead();
      if (stopping.signal.aborted) return;
      await sitOut(retryAfterMs);
    }
  }

  /** @returns {Promise<boolean>} when it is over: whether it worked at all */
  async function useSocket() {
    // Without network it would only fail. What this machine thinks of its network may be wrong, though, so ask.
    if (!life.isOnline() && blocked === 0) return false;
    const openedAt = Date.now();
    socket = openSocket(parts, position, () => {
      isLive = true;
      blocked = 0;
      stopPolling();
      onState(LIVE);
    });
    const { wasLive, isSignedOut } = await socket.ended;
    if (isSignedOut) signOut();
    if (wasLive && Date.now() - openedAt > LASTING_MS) backoff.reset();
    isLive = false;
    socket = undefined;
    return wasLive;
  }

  /** Tells a server that is gone from a WebSocket that is blocked. @returns {Promise<number | undefined>} Retry-After */
  async function askInstead() {
    try {
      await ask(parts, position, { waitS: 0, signal: pausing.signal });
    } catch (error) {
      blocked = 0;
      if (isSignedOut(error)) signOut();
      return error instanceof Refused ? error.retryAfterMs : undefined;
    }
    blocked += 1;
    if (blocked >= BLOCKED_AFTER && !stopping.signal.aborted) startFallback();
    return undefined;
  }

  function signOut() {
    stop();
    onState({ name: 'signed-out' });
  }

  function startFallback() {
    backoff.reset();
    poller = startPolling({ ...parts, onState: onPollerState }, position, FALLBACK);
  }

  /** @type {typeof onState} */
  function onPollerState(state) {
    if (state.name === 'live' || state.name === 'connecting') return onState(state);
    if (state.name === 'signed-out') return signOut();
    // The server is gone for both. When it is back the WebSocket comes first again.
    stopPolling();
    blocked = 0;
    backoff.reset();
    onState({ name: 'trying' });
    pausing.abort();
  }

  function stopPolling() {
    poller?.stop();
    poller = undefined;
  }

  /** @type {(retryAfterMs: number | undefined) => Promise<void>} */
  async function sitOut(retryAfterMs) {
    const { signal } = pausing;
    if (signal.aborted) return;
    const capMs = poller ? RETURN_CAP_MS : life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS;
    const waitMs = backoff.afterFailure(capMs, retryAfterMs);
    if (!poller) onState({ name: 'waiting', until: Date.now() + waitMs });
    await pause(waitMs, signal);
    if (!poller && !stopping.signal.aborted) onState({ name: 'trying' });
  }

  const endListening = life.listen((event) => {
    if (event === 'hidden') return;
    if (event === 'offline') {
      onState({ name: 'trying' });
      socket?.end();
    } else if (isLive) {
      socket?.check();
    } else {
      pausing.abort();
    }
  });

  function stop() {
    stopping.abort();
    endListening();
    stopPolling();
    socket?.end();
    pausing.abort();
  }

  /**
   * Over the socket while it is live. Where the server does not know there who is asking, it is asked for over HTTP, which
   * renews the identity; the next socket is opened with that.
   * @template T
   * @param {(socket: Socket) => Promise<T | undefined>} overSocket
   * @param {() => Promise<T>} overHttp
   * @returns {Promise<T>}
   */
  async function sendBy(overSocket, overHttp) {
    const used = isLive ? socket : undefined;
    const answer = used && (await overSocket(used));
    if (answer) return answer;
    const answerOverHttp = await overHttp();
    used?.end();
    return answerOverHttp;
  }

  void run();
  return {
    check: () => (poller ?? socket)?.check(),
    send: (outgoing) =>
      sendBy(
        (open) => open.send(outgoing),
        () => postMessage(outgoing),
      ),
    request: (command) =>
      sendBy(
        (open) => open.request(command),
        () => sendCommand(command),
      ),
    tellTyping: (user) => socket?.tellTyping(user),
    stop,
  };
}
