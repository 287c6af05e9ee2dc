/** Reactions of one message as a person sees them: how many there are, and which are one's own. Pure. */
/** @import { Message } from '../../protocol/envelope.ts' */

export const LIKE = '👍';
export const DISLIKE = '👎';
/** @type {Readonly<Record<string, string>>} what takes the place of what */
const OPPOSITES = { [LIKE]: DISLIKE, [DISLIKE]: LIKE };

/** @typedef {{ emoji: string, count: number, mine: boolean }} Reaction */
/** @typedef {ReadonlySet<string>} Own emoji that one has put on a message */
/**
 * @typedef {object} Asked What one has pressed and the server has not answered.
 * @property {Own} before what was known to be one's own
 * @property {Own} wanted
 * @property {number} seq of the message when it was pressed
 */

/** @type {(own: Own, emoji: string) => Own} pressed again it is taken back, and liking takes back disliking */
export function toggle(own, emoji) {
  const opposite = OPPOSITES[emoji];
  const others = [...own].filter((one) => one !== emoji && one !== opposite);
  return new Set(own.has(emoji) ? [...own].filter((one) => one !== emoji) : [...others, emoji]);
}

/**
 * The next thing to ask for on the way from one to the other. New ones first: the server takes back the opposite itself.
 * @type {(known: Own, wanted: Own) => { emoji: string, isOn: boolean } | undefined}
 */
export function nextStep(known, wanted) {
  for (const emoji of wanted) if (!known.has(emoji)) return { emoji, isOn: true };
  for (const emoji of known) if (!wanted.has(emoji)) return { emoji, isOn: false };
  return undefined;
}

/** @type {(known: Own, step: { emoji: string, isOn: boolean }) => Own} */
export const takeStep = (known, { emoji, isOn }) => (known.has(emoji) === isOn ? known : toggle(known, emoji));

/**
 * Like and dislike always, and first; then the others as they came, which is the server's order. What was pressed is
 * counted at once, until the message changes: then the server has counted.
 * @type {(message: Pick<Message, 'seq' | 'reactions'>, own: Own, asked?: Asked) => Reaction[]}
 */
export function toReactions({ seq, reactions = {} }, own, asked) {
  const mayAdd = asked?.seq === seq;
  const emojis = new Set([LIKE, DISLIKE, ...Object.keys(reactions), ...(asked && mayAdd ? asked.wanted : [])]);
  return [...emojis]
    .map((emoji) => {
      const counted = reactions[emoji] ?? 0;
      const mine = asked ? asked.wanted.has(emoji) : own.has(emoji) && counted > 0;
      const change = asked && mayAdd ? Number(mine) - Number(asked.before.has(emoji) && counted > 0) : 0;
      return { emoji, count: Math.max(0, counted + change), mine };
    })
    .filter(({ emoji, count }) => count > 0 || emoji === LIKE || emoji === DISLIKE);
}

/**
 * Those of a message that somebody is about to press one of: none leaves its place. What is gone has no count, and what is
 * new comes last.
 * @type {(drawn: readonly Reaction[], reactions: readonly Reaction[]) => Reaction[]}
 */
export function keepPlaces(drawn, reactions) {
  const byEmoji = new Map(reactions.map((one) => [one.emoji, one]));
  // One's own goes when it is taken back, as that was asked for.
  const kept = drawn.flatMap(({ emoji, mine }) => byEmoji.get(emoji) ?? (mine ? [] : { emoji, count: 0, mine }));
  const places = new Set(kept.map(({ emoji }) => emoji));
  return [...kept, ...reactions.filter(({ emoji }) => !places.has(emoji))];
}
