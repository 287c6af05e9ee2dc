/** What is shown, as pure functions over what arrived: nothing here knows how messages travel or how they are drawn. */
/** @import { Message } from '../protocol/envelope.ts' */
/** @import { Outgoing } from './outgoing.js' */

/** @typedef {ReadonlyMap<number, Message>} Shown Messages by id. */
/**
 * @typedef {object} Row One line of the conversation: a message, or one's own text that is still on its way.
 * @property {string} name the same for as long as it is the same row
 * @property {string} [key] the key it was written with; a row that has it was this pending row before
 * @property {Message} [message]
 * @property {Outgoing} [pending]
 */

/**
 * Take in what arrived. A message may arrive again, changed or not, in any order: the newest seq of an id wins.
 * @type {(shown: Shown, arrived: readonly Message[]) => Shown} the same map where nothing is new
 */
export function merge(shown, arrived) {
  const next = new Map(shown);
  let changed = false;
  for (const message of arrived) {
    if (message.seq <= (next.get(message.id)?.seq ?? 0)) continue;
    next.set(message.id, message);
    changed = true;
  }
  return changed ? next : shown;
}

/**
 * In order of id; what is still on its way stands last, in the order it was written, until its key comes back.
 * @type {(shown: Shown, pending: readonly Outgoing[]) => Row[]}
 */
export function toRows(shown, pending) {
  const messages = [...shown.values()].toSorted((a, b) => a.id - b.id);
  const arrived = new Set(pending.length === 0 ? [] : messages.map(({ key }) => key));
  return [
    ...messages.map(toRow),
    ...pending.filter(({ key }) => !arrived.has(key)).map((one) => ({ name: `key ${one.key}`, pending: one })),
  ];
}

/** @type {(shown: Shown) => number | undefined} where history goes on; undefined when nothing is shown */
export function oldestId(shown) {
  let oldest;
  for (const id of shown.keys()) if (oldest === undefined || id < oldest) oldest = id;
  return oldest;
}

/** @type {(message: Message) => Row} */
function toRow(message) {
  const row = { name: `id ${message.id}`, message };
  return message.key === undefined ? row : { ...row, key: message.key };
}
