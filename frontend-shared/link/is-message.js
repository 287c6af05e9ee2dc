/** Whether what came over the network is a message: something between here and the server may have changed it. */
/** @import { Message } from '../../protocol/envelope.ts' */

const COLOR = /^#[0-9a-f]{6}$/;

/** @type {(value: unknown) => value is Message} as far as the page would break by another kind of value */
export function isMessage(value) {
  if (typeof value !== 'object' || value === null) return false;
  const { id, seq, room, user, message, timestamp, color, replyTo, reactions } = /** @type {Partial<Message>} */ (
    value
  );
  return (
    isId(id) &&
    isId(seq) &&
    [room, user, message, timestamp].every((text) => typeof text === 'string') &&
    !Number.isNaN(Date.parse(timestamp ?? '')) &&
    (color === undefined || COLOR.test(color)) &&
    (replyTo === undefined || isId(replyTo)) &&
    (reactions === undefined || isCounts(reactions))
  );
}

/** @type {(value: unknown) => boolean} */
const isId = (value) => Number.isSafeInteger(value) && Number(value) > 0;

/** @type {(value: unknown) => boolean} */
const isCounts = (value) => typeof value === 'object' && value !== null && Object.values(value).every(isId);
