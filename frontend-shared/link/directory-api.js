/** What can be looked up over HTTP: rooms, words, single messages, and what waits for its time. */
import { fetchJson, Unreachable } from './http.js';
import { isMessage } from './is-message.js';
/** @import { Message, ScheduledMessage } from '../../protocol/envelope.ts' */

/** Milliseconds. */
const PATIENCE_MS = 10_000;
/** Of a search: whoever does not find it among the best looks for more words. */
export const MAX_MATCHES = 50;

/** @typedef {{ room: string, messages: number, seq: number, online: number }} RoomSummary */

/**
 * @template T
 * @param {string} url
 * @param {{ signal?: AbortSignal, method?: string }} [options]
 * @returns {Promise<T>} what the server of this page says in a 200 is what the protocol says
 * @throws {import('./http.js').Unreachable | import('./http.js').Refused}
 */
async function ask(url, options = {}) {
  const { body } = await fetchJson(url, { timeoutMs: PATIENCE_MS, ...options });
  return /** @type {T} */ (body);
}

/** @type {() => Promise<RoomSummary[]>} the most recently active first */
export const fetchRooms = () => ask('/rooms');

/** @type {(q: string, options: { room?: string, signal: AbortSignal }) => Promise<Message[]>} the best match first; without a room, of all */
export async function fetchMatches(q, { room, signal }) {
  /** @type {unknown} */
  const found = await ask(
    `/search?${new URLSearchParams({ q, limit: String(MAX_MATCHES), ...(room !== undefined && { room }) })}`,
    {
      signal,
    },
  );
  return Array.isArray(found) ? found.filter(isMessage) : [];
}

/** @type {(id: number) => Promise<Message>} */
export async function fetchMessage(id) {
  /** @type {unknown} */
  const message = await ask(`/messages/${id}`);
  if (!isMessage(message)) throw new Unreachable('Something else answered in the place of the server');
  return message;
}

/** @type {() => Promise<ScheduledMessage[]>} one's own */
export const fetchScheduled = () => ask('/scheduled');

/** @type {(scheduled: string) => Promise<unknown>} */
export const withdraw = (scheduled) => ask(`/scheduled/${encodeURIComponent(scheduled)}`, { method: 'DELETE' });
