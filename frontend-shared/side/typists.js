/** Who is writing just now, as heard from the others. */
import { locale, words } from '../words.js';
/** @import { Message } from '../../protocol/envelope.ts' */

/** Milliseconds that one sign of writing lasts: a little longer than two of them are apart. */
export const LASTS_MS = 5_000;
/** Names that are said; of a crowd, how many more. */
const MAX_NAMES = 3;

const listFormat = new Intl.ListFormat(locale);

/**
 * @typedef {object} Typists
 * @property {(user: string) => void} heard
 * @property {(message: Pick<Message, 'user'>) => void} said what they wrote is here
 * @property {() => void} clear
 */

/**
 * @param {object} parts
 * @param {(names: readonly string[]) => void} parts.onChange
 * @param {(act: () => void, ms: number) => () => void} parts.later returns what calls it off
 * @returns {Typists}
 */
export function createTypists({ onChange, later }) {
  /** @type {Map<string, () => void>} by name, what calls its end off */
  const ends = new Map();
  const changed = () => onChange([...ends.keys()]);

  /** @type {(user: string) => void} */
  function end(user) {
    if (!ends.has(user)) return;
    ends.get(user)?.();
    ends.delete(user);
    changed();
  }

  return {
    heard(user) {
      const isNew = !ends.has(user);
      ends.get(user)?.();
      ends.set(
        user,
        later(() => end(user), LASTS_MS),
      );
      if (isNew) changed();
    },
    said: ({ user }) => end(user),
    clear() {
      for (const callOff of ends.values()) callOff();
      ends.clear();
      changed();
    },
  };
}

/** @type {(names: readonly string[]) => string} */
export function toTypingWords(names) {
  const more = names.length - MAX_NAMES;
  const said = more > 0 ? [...names.slice(0, MAX_NAMES), words.typing.others(more)] : names;
  if (said.length === 0) return '';
  return said.length === 1 ? words.typing.one(said.join('')) : words.typing.several(listFormat.format(said));
}
