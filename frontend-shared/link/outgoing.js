/** What a person has written and the server has not yet accepted, as it is kept and as it ends. */
import { isMessage } from './is-message.js';
import { toRecord } from './parse.js';
/** @import { Message, Problem } from '../../protocol/envelope.ts' */

/**
 * @typedef {object} Outgoing
 * @property {string} key the idempotency key: however often it is sent, it is posted once
 * @property {string} room
 * @property {string} user
 * @property {string} message
 * @property {string} [color]
 * @property {number} [replyTo]
 * @property {string} [sendAt] a time to come, ISO 8601; it is the server's to keep as soon as it is accepted
 * @property {number} order grows with each one written in this browser, by whichever tab; no less than the time, in
 *   milliseconds, at which it was written, or tried again by a person
 * @property {'late' | 'failed'} [held] it is sent when a person says so: it has waited so long that it may be out of place,
 *   or the server has failed over it again and again
 */
/**
 * @typedef {{ outcome: 'sent', message: Message }
 *   | { outcome: 'scheduled' }
 *   | { outcome: 'refused', problem: Problem }
 *   | { outcome: 'failed', retryAfterMs: number | undefined, problem?: Problem }} Delivery
 *   Failed: it may or may not have been accepted; the same key makes it safe to send it again. With the problem where the
 *   server was there to tell it.
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
  const { color, replyTo, sendAt, held } = /** @type {Record<string, unknown>} */ (value);
  return {
    key,
    room,
    user,
    message,
    ...(typeof color === 'string' && { color }),
    ...(typeof replyTo === 'number' && { replyTo }),
    ...(typeof sendAt === 'string' && { sendAt }),
    ...((held === 'late' || held === 'failed') && { held }),
    order,
  };
}

/** @type {(outgoing: Outgoing) => object} what is sent of it; the key goes beside */
export const toBody = ({ key: _key, order: _order, held: _held, ...body }) => body;

/** @type {(accepted: unknown) => Delivery} what waits for its time is no message yet */
export function toAccepted(accepted) {
  if (isMessage(accepted)) return { outcome: 'sent', message: accepted };
  const isScheduled = typeof toRecord(accepted)['scheduled'] === 'string';
  return isScheduled ? { outcome: 'scheduled' } : { outcome: 'failed', retryAfterMs: undefined };
}

/** @type {(text: string) => unknown} undefined when it is no JSON */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
