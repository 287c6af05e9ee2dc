/**
 * Which reactions are one's own: messages only say how many there are. It is kept when it is asked for, so that a reload
 * in between finds it, and given up when the server says no.
 */
import { nextStep, takeStep, toggle, toReactions } from './reactions.js';
/** @import { Message } from '../../protocol/envelope.ts' */
/** @import { Answer, Command } from '../link/commands-api.js' */
/** @import { Asked, Own, Reaction } from './reactions.js' */
/** @import { Store } from '../storage.js' */

const PREFIX = 'since.reacted.';
/** Messages of which it is kept, some 60 kB: a browser keeps 5 MB for all of a site, and nobody looks back that far. */
const MAX_KEPT = 1_000;
/** @type {Own} */
const NONE = new Set();

/**
 * @typedef {object} OwnReactions
 * @property {(message: Message) => Reaction[]} of
 * @property {(message: Message, emoji: string) => void} press
 * @property {() => void} forget they were of another identity
 * @property {(name: string | null) => void} reread another tab has changed that name in the store; null: all of them
 */

/**
 * @param {object} parts
 * @param {Store} parts.store
 * @param {(command: Command) => Promise<Answer>} parts.request
 * @param {(message: Message) => void} parts.onAnswer the message as it is now
 * @param {(id: number | undefined) => void} parts.onChange of that message, or of all
 * @param {(answer: Exclude<Answer, { outcome: 'done' }>) => void} parts.onFailure
 * @returns {OwnReactions}
 */
export function createOwnReactions({ store, request, onAnswer, onChange, onFailure }) {
  /** @type {Map<number, Asked>} */
  const asked = new Map();

  /** As kept, by name; read once, as every message that is drawn asks for its own. @type {Map<string, Own>} */
  const kept = new Map();
  for (const name of store.names()) if (name.startsWith(PREFIX)) readAgain(name);

  /** @type {(name: string) => void} */
  function readAgain(name) {
    const own = new Set((store.get(name) ?? '').split(' ').filter(Boolean));
    if (own.size === 0) kept.delete(name);
    else kept.set(name, own);
  }

  // With its time: in another journal the same id is another message.
  const nameOf = (/** @type {Message} */ { id, timestamp }) => `${PREFIX}${id}@${timestamp}`;
  /** @type {(message: Message) => Own} */
  const read = (message) => (kept.size === 0 ? NONE : (kept.get(nameOf(message)) ?? NONE));
  /** @type {(message: Message, own: Own) => void} */
  function keep(message, own) {
    const name = nameOf(message);
    if (own.size === 0) store.remove(name);
    else store.set(name, [...own].join(' '));
    readAgain(name);
    prune(name);
  }

  /** @type {(but?: string) => void} those of the oldest messages, of whichever journal */
  function prune(but) {
    const surplus = kept.size - MAX_KEPT;
    if (surplus <= 0) return;
    const others = [...kept.keys()].filter((name) => name !== but);
    for (const name of others.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(0, surplus)) {
      store.remove(name);
      kept.delete(name);
    }
  }

  /** @type {(message: Message) => Own} without those that are counted nowhere any more */
  const ownOf = (message) => new Set([...read(message)].filter((emoji) => (message.reactions?.[emoji] ?? 0) > 0));

  /** @type {(message: Message, before: Own) => Promise<void>} one request at a time, until what is known is what is wanted */
  async function settle(message, before) {
    let known = before;
    for (let current = asked.get(message.id); current; current = asked.get(message.id)) {
      const step = nextStep(known, current.wanted);
      if (!step) break;
      const command = step.isOn ? 'react' : 'unreact';
      const answer = await request({ command, message: { id: message.id, reaction: step.emoji } });
      if (answer.outcome !== 'done') {
        keep(message, known);
        onFailure(answer);
        break;
      }
      known = takeStep(known, step);
      onAnswer(answer.message);
    }
    asked.delete(message.id);
    onChange(message.id);
  }

  prune();
  return {
    of: (message) => toReactions(message, read(message), asked.get(message.id)),
    press(message, emoji) {
      const current = asked.get(message.id);
      const before = current?.before ?? ownOf(message);
      const wanted = toggle(current?.wanted ?? before, emoji);
      asked.set(message.id, { before, wanted, seq: current?.seq ?? message.seq });
      keep(message, wanted);
      onChange(message.id);
      if (!current) void settle(message, before);
    },
    forget() {
      for (const name of store.names()) if (name.startsWith(PREFIX)) store.remove(name);
      kept.clear();
      onChange(undefined);
    },
    reread(name) {
      if (name === null) kept.clear();
      else if (name.startsWith(PREFIX)) readAgain(name);
      else return;
      onChange(name === null ? undefined : Number.parseInt(name.slice(PREFIX.length), 10));
    },
  };
}

/** @type {(name: string) => string} when the message was sent, ISO 8601 */
const timeOf = (name) => name.slice(name.indexOf('@') + 1);
