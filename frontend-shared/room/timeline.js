/**
 * Messages in order of id, to be changed one by one: what a message costs does not grow with how many there are. Nothing
 * here knows how messages travel or how they are drawn.
 */
/** @import { Message } from '../../protocol/envelope.ts' */

/**
 * @typedef {object} Timeline
 * @property {(message: Message) => 'new' | 'changed' | undefined} put a message may come again, changed or not, in any
 *   order: the newest seq of an id wins; undefined where it is not newer than what is here
 * @property {(id: number) => Message | undefined} get
 * @property {(index: number) => Message | undefined} at negative ones count from the end
 * @property {(id: number) => number} indexOf where it stands, or would
 * @property {() => number} size
 * @property {(count: number) => Message[]} dropFirst
 * @property {(count: number) => Message[]} dropLast
 */

/** @type {(messages?: Iterable<Message>) => Timeline} */
export function createTimeline(messages = []) {
  /** @type {Message[]} */
  const inOrder = [];
  /** @type {Map<number, Message>} */
  const byId = new Map();

  /** @type {Timeline['indexOf']} by halving; nearly all come last */
  function indexOf(id) {
    if (id > (inOrder.at(-1)?.id ?? 0)) return inOrder.length;
    let low = 0;
    let high = inOrder.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((inOrder[middle]?.id ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @type {Timeline['put']} */
  function put(message) {
    const before = byId.get(message.id);
    if (before && message.seq <= before.seq) return undefined;
    byId.set(message.id, message);
    inOrder.splice(indexOf(message.id), before ? 1 : 0, message);
    return before ? 'changed' : 'new';
  }

  /** @type {(from: number, count: number) => Message[]} */
  function drop(from, count) {
    const dropped = inOrder.splice(from, count);
    for (const { id } of dropped) byId.delete(id);
    return dropped;
  }

  for (const message of messages) put(message);
  return {
    put,
    indexOf,
    get: (id) => byId.get(id),
    at: (index) => inOrder.at(index),
    size: () => inOrder.length,
    dropFirst: (count) => drop(0, count),
    dropLast: (count) => drop(Math.max(0, inOrder.length - count), count),
  };
}
