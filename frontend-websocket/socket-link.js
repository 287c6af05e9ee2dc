/**
 * Keeps a WebSocket open for all rooms, and puts long polling in its place where none can be had: behind a proxy that does
 * not know them, say. Both read on from one position a room, so nothing is missed or shown twice in between.
 */
import { createBackoff, UNWATCHED_CAP_MS, WATCHED_CAP_MS } from '../frontend-shared/link/backoff.js';
import { sendCommand } from '../frontend-shared/link/commands-api.js';
import { hasIdentity, Refused } from '../frontend-shared/link/http.js';
import { ask, isSignedOut } from '../frontend-shared/link/link.js';
import { postMessage } from '../frontend-shared/link/messages-api.js';
import { pause } from '../frontend-shared/link/pause.js';
import { createHeld, startPolling } from '../frontend-shared/link/poller.js';
import { openSocket } from './socket.js';
/** @import { Listening, LinkState, ListenParts, OpenLink } from '../frontend-shared/link/link.js' */
/** @import { Socket } from './socket.js' */

const LIVE = { name: /** @type {const} */ ('live'), travel: { by: /** @type {const} */ ('socket') } };
/** WebSockets in a row that could not be opened although the server answers. One may be bad luck, or a restart. */
const BLOCKED_AFTER = 2;
/** Milliseconds a WebSocket must have lasted to count as a success: a server that is too full may close it at once. */
const LASTING_MS = 5_000;
/** Milliseconds at most between attempts to return to a WebSocket. */
const RETURN_CAP_MS = 60_000;

/** @type {OpenLink} */
export function openSocketLink(life) {
  /** @type {Map<string, ListenParts>} by room */
  const rooms = new Map();
  const backoff = createBackoff();
  const stopping = new AbortController();
  let pausing = new AbortController();
  /** @type {Socket | undefined} */
  let socket;
  let isLive = false;
  /** @type {Map<string, Listening> | undefined} by room, while they stand in for the socket */
  let pollers;
  let blocked = 0;
  const held = createHeld();
  /** What is so for every room for which nothing else is known. @type {LinkState} */
  let state = { name: 'connecting' };

  /** @type {(next: LinkState) => void} */
  function tellAll(next) {
    state = next;
    for (const { onState } of rooms.values()) onState(next);
  }

  async function run() {
    while (!stopping.signal.aborted) {
      pausing = new AbortController();
      const wasLive = await useSocket();
      if (stopping.signal.aborted) return;
      const retryAfterMs = wasLive || pollers ? undefined : await askInstead();
      if (stopping.signal.aborted) return;
      await sitOut(retryAfterMs);
    }
  }

  /** @returns {Promise<boolean>} when it is over: whether it worked at all */
  async function useSocket() {
    // Without network it would only fail. What this machine thinks of its network may be wrong, though, so ask.
    if (!life.isOnline() && blocked === 0) return false;
    // A socket stays with the identity that it was opened with.
    if (!(await hasIdentity()) || stopping.signal.aborted) return false;
    const [first, ...others] = rooms.values();
    if (!first) return false;
    const openedAt = Date.now();
    socket = openSocket(first, others, onRoomLive);
    const { wasLive, isSignedOut } = await socket.ended;
    if (isSignedOut) signOut();
    if (wasLive && Date.now() - openedAt > LASTING_MS) backoff.reset();
    isLive = false;
    socket = undefined;
    return wasLive;
  }

  /** @type {(room: string) => void} */
  function onRoomLive(room) {
    isLive = true;
    blocked = 0;
    stopPolling();
    state = { name: 'catching-up' };
    rooms.get(room)?.onState(LIVE);
  }

  /** Tells a server that is gone from a WebSocket that is blocked. @returns {Promise<number | undefined>} Retry-After */
  async function askInstead() {
    const [first] = rooms.values();
    if (!first) return undefined;
    try {
      await ask(first, { waitS: 0, signal: pausing.signal });
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
    close();
    tellAll({ name: 'signed-out' });
  }

  function startFallback() {
    backoff.reset();
    pollers = new Map();
    for (const parts of rooms.values()) poll(parts);
  }

  /** @type {(parts: ListenParts) => void} */
  function poll(parts) {
    pollers?.set(
      parts.room,
      startPolling({ ...parts, onState: (next) => onPollerState(parts, next) }, held, 'fallback'),
    );
  }

  /** @type {(parts: ListenParts, next: LinkState) => void} */
  function onPollerState({ onState }, next) {
    if (next.name === 'live' || next.name === 'connecting' || next.name === 'catching-up') return onState(next);
    if (next.name === 'signed-out') return signOut();
    // The server is gone for both. When it is back the WebSocket comes first again.
    stopPolling();
    blocked = 0;
    backoff.reset();
    tellAll({ name: 'trying' });
    pausing.abort();
  }

  function stopPolling() {
    for (const { stop } of pollers?.values() ?? []) stop();
    pollers = undefined;
  }

  /** @type {(retryAfterMs: number | undefined) => Promise<void>} */
  async function sitOut(retryAfterMs) {
    const { signal } = pausing;
    if (signal.aborted) return;
    const capMs = pollers ? RETURN_CAP_MS : life.isHidden() ? UNWATCHED_CAP_MS : WATCHED_CAP_MS;
    const waitMs = backoff.afterFailure(capMs, retryAfterMs);
    if (!pollers) tellAll({ name: 'waiting', until: Date.now() + waitMs });
    await pause(waitMs, signal);
    if (!pollers && !stopping.signal.aborted) tellAll({ name: 'trying' });
  }

  const endListening = life.listen((event) => {
    if (event === 'hidden') return;
    if (event === 'offline') {
      tellAll({ name: 'trying' });
      socket?.end();
    } else if (isLive) {
      void makeSure();
    } else {
      pausing.abort();
    }
  });

  /** Nothing is called live before the server has answered: behind what was missed, as all comes in one order. */
  async function makeSure() {
    const used = socket;
    tellAll({ name: 'catching-up' });
    if (!(await used?.check()) || !used || used !== socket) return;
    for (const { room, onState } of rooms.values()) if (used.isLive(room)) onState(LIVE);
  }

  function close() {
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

  return {
    listen(parts) {
      const { room } = parts;
      const isFirst = rooms.size === 0 && state.name === 'connecting';
      rooms.set(room, parts);
      if (isFirst) void run();
      else {
        parts.onState(isLive ? { name: 'catching-up' } : state);
        socket?.follow(parts);
        if (pollers) poll(parts);
      }
      return {
        check: () => void (pollers?.get(room) ?? socket)?.check(),
        tellTyping(user) {
          const poller = pollers?.get(room);
          if (poller) poller.tellTyping(user);
          else socket?.tellTyping(room, user);
        },
        stop() {
          if (rooms.get(room) !== parts) return;
          rooms.delete(room);
          pollers?.get(room)?.stop();
          pollers?.delete(room);
          socket?.leave(room);
        },
      };
    },
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
    close,
  };
}
