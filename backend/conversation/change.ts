/** A message as it stands after an entry, turned into JSON once; from here on nothing parses it to pass it on. */
import { MAX_PAGE_CHARS } from '../limits.ts';
import type { Message } from '../../protocol/envelope.ts';

export interface Change {
  readonly id: number;
  readonly seq: number;
  readonly room: string;
  readonly isDeleted: boolean;
  /** The whole message, as it is on every wire. */
  readonly json: string;
}

/** Changes in ascending order, and whether there were more than were asked for. */
export interface Page {
  readonly changes: readonly Change[];
  readonly hasMore: boolean;
}

/** @returns the page without its oldest, as far as they are too long together for one answer */
export function newestOf({ changes, hasMore }: Page): Page {
  let chars = 0;
  const lastTooMany = changes.findLastIndex(({ json }) => (chars += json.length) > MAX_PAGE_CHARS);
  if (lastTooMany === -1) return { changes, hasMore };
  const first = Math.min(lastTooMany + 1, changes.length - 1);
  return { changes: changes.slice(first), hasMore: true };
}

/** @returns the page without its newest, as far as they are too long together for one answer */
export function firstOf({ changes, hasMore }: Page): Page {
  let chars = 0;
  const tooMany = changes.findIndex(({ json }) => (chars += json.length) > MAX_PAGE_CHARS);
  return tooMany === -1 ? { changes, hasMore } : { changes: changes.slice(0, Math.max(1, tooMany)), hasMore: true };
}

export function toChange(message: Message): Change {
  const { id, seq, room, deleted } = message;
  return { id, seq, room, isDeleted: deleted === true, json: JSON.stringify(message) };
}

export function toMessage({ json }: Change): Message {
  return JSON.parse(json) as Message; // made by `toChange`
}
