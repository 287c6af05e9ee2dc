/** What can be looked up over HTTP: rooms, words, single messages, and what waits for its time. */
import { fetchJson } from './http.js';
import { parseMessage, parseMessages, parseRooms, parseScheduled } from './parse.js';
/** @import { Message, ScheduledMessage } from '../../protocol/envelope.ts' */
/** @import { RoomSummary } from './parse.js' */

/** Milliseconds. */
const PATIENCE_MS = 10_000;
/** Of a search: whoever does not find it among the best looks for more words. */
export const MAX_MATCHES = 50;

/**
 * @param {string} url
 * @param {{ signal?: AbortSignal, method?: string }} [options]
 * @returns {Promise<unknown>}
 * @throws {import('./http.js').Unreachable | import('./http.js').Refused | import('./parse.js').NotUnderstood} as all of these
 */
async function ask(url, options = {}) {
  const { body } = await fetchJson(url, { timeoutMs: PATIENCE_MS, ...options });
  return body;
}

/** @type {() => Promise<RoomSummary[]>} the most recently active first */
export const fetchRooms = async () => parseRooms(await ask('/rooms'));

/** @type {(q: string, options: { room?: string, signal: AbortSignal }) => Promise<Message[]>} the best match first; without a room, of all */
export async function fetchMatches(q, { room, signal }) {
  const query = { q, limit: String(MAX_MATCHES), ...(room !== undefined && { room }) };
  return parseMessages(await ask(`/search?${new URLSearchParams(query)}`, { signal }));
}

/** @type {(id: number) => Promise<Message>} */
export const fetchMessage = async (id) => parseMessage(await ask(`/messages/${id}`));

/** @type {() => Promise<ScheduledMessage[]>} one's own */
export const fetchScheduled = async () => parseScheduled(await ask('/scheduled'));

/** @type {(scheduled: string) => Promise<unknown>} */
export const withdraw = (scheduled) => ask(`/scheduled/${encodeURIComponent(scheduled)}`, { method: 'DELETE' });
