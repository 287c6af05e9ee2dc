/** What a person has written and the server has not yet accepted, as it is kept and as it ends. */
/** @import { Message, Problem } from '../protocol/envelope.ts' */

/**
 * @typedef {object} Outgoing
 * @property {string} key the idempotency key: however often it is sent, it is posted once
 * @property {string} room
 * @property {string} user
 * @property {string} message
 * @property {number} order grows with each one written in this browser, by whichever tab
 */
/**
 * @typedef {{ outcome: 'sent', message: Message }
 *   | { outcome: 'refused', problem: Problem }
 *   | { outcome: 'failed', retryAfterMs: number | undefined }} Delivery
 *   Failed: it may or may not have been accepted; the same key makes it safe to send it again.
 */

/**
 * Statuses after which the very same request may succeed. 401 is among them: an identity that the server has forgotten
 * is renewed, and nobody should have to write again because of it.
 * @type {(status: number) => boolean}
 */
export const canRetry = (status) => status >= 500 || status === 401 || status === 408 || status === 429;

/**
 * Read back what a browser kept; it may be from another version, or not ours at all.
 * @type {(kept: string | null) => Outgoing | undefined}
 */
export function parseOutgoing(kept) {
  const value = parseJson(kept ?? '');
  if (typeof value !== 'object' || value === null) return undefined;
  const { key, room, user, message, order } = /** @type {Record<string, unknown>} */ (value);
  if (typeof key !== 'string' || typeof room !== 'string' || typeof user !== 'string') return undefined;
  if (typeof message !== 'string' || typeof order !== 'number') return undefined;
  return { key, room, user, message, order };
}

/** @type {(text: string) => unknown} undefined when it is no JSON */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
