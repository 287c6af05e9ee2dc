/** `/messages` over HTTP: what came since, what came before, and one more. */
import { fetchJson, Refused } from './http.js';
import { canRetry, toAccepted, toBody } from './outgoing.js';
import { parseMessages } from './parse.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Delivery, Outgoing } from './outgoing.js' */

/** Seconds the server may hold a request: under the 30 s after which the strictest proxies cut it. */
export const HOLD_S = 25;
/** Milliseconds beyond those that the server may hold the request. A slow phone connection needs several seconds. */
const PATIENCE_MS = 10_000;

/**
 * @typedef {object} Query
 * @property {string} room
 * @property {string} [since] a cursor
 * @property {number} [before] an id
 * @property {number} [limit]
 * @property {number} [wait] seconds that the server may hold the request; only with `since`
 * @property {number} [typing] ask also who is writing: what the last answer that told of it said, at first 0
 */
/**
 * @typedef {object} Answer
 * @property {readonly Message[]} messages
 * @property {string} [next] the cursor from here; absent in history
 * @property {boolean} more the answer was cut: there is more of the same kind
 * @property {readonly string[]} typists who else began to write
 * @property {number} [nextTyping] what to ask with, so as not to be told of them again
 */

/**
 * @param {Query} query
 * @param {AbortSignal} [signal]
 * @param {RequestCredentials} [credentials] `omit` for a look in passing: whoever asks under a name counts as being there
 * @returns {Promise<Answer>}
 * @throws {import('./http.js').Unreachable | Refused | import('./parse.js').NotUnderstood} `Refused` with status 410 when the cursor is gone
 */
export async function fetchMessages(query, signal, credentials = 'same-origin') {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const timeoutMs = (query.wait ?? 0) * 1000 + PATIENCE_MS;
  const { headers, body } = await fetchJson(`/messages?${parameters}`, {
    headers: { Accept: 'application/json' },
    timeoutMs,
    credentials,
    ...(signal && { signal }),
  });
  const next = headers.get('Next-Since');
  const more = headers.get('More') === 'true';
  const messages = parseMessages(body);
  return { messages, more, ...(next !== null && { next }), ...toTyping(headers) };
}

/** @type {(headers: Headers) => Pick<Answer, 'typists' | 'nextTyping'>} */
function toTyping(headers) {
  const names = headers.get('Typing');
  const nextTyping = headers.get('Next-Typing') ?? '';
  if (names === null || !/^\d{1,15}$/.test(nextTyping)) return { typists: [] };
  return { typists: names.split(',').flatMap(toName), nextTyping: Number(nextTyping) };
}

/** @type {(encoded: string) => string[]} none, where something in between has changed it */
function toName(encoded) {
  try {
    return [decodeURIComponent(encoded.trim())].filter(Boolean);
  } catch {
    return [];
  }
}

/** @type {(outgoing: Outgoing) => Promise<Delivery>} never rejects */
export async function postMessage(outgoing) {
  try {
    const { body } = await fetchJson('/messages', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': outgoing.key },
      body: JSON.stringify(toBody(outgoing)),
      timeoutMs: PATIENCE_MS,
    });
    return toAccepted(body);
  } catch (error) {
    if (!(error instanceof Refused)) return { outcome: 'failed', retryAfterMs: undefined };
    const { problem, retryAfterMs } = error;
    return canRetry(problem.status) ? { outcome: 'failed', retryAfterMs, problem } : { outcome: 'refused', problem };
  }
}
