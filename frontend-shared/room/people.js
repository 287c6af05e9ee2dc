/** Who has been seen in the room, so that one can speak to them by name. */
/** @import { Message } from '../../protocol/envelope.ts' */

/**
 * @typedef {object} People
 * @property {(messages: readonly Message[]) => void} heard
 * @property {() => void} forget the room was left
 * @property {() => string[]} names those who wrote last first: most likely they are here
 */

/** @type {() => People} */
export function createPeople() {
  /** @type {Map<string, string>} when each wrote last, ISO 8601 */
  const last = new Map();
  return {
    heard(messages) {
      for (const { user, timestamp, deleted } of messages) {
        if (!deleted && timestamp > (last.get(user) ?? '')) last.set(user, timestamp);
      }
    },
    forget: () => last.clear(),
    names: () => [...last].toSorted(([, a], [, b]) => (a < b ? 1 : -1)).map(([user]) => user),
  };
}
