/** A message as it stands after an entry, turned into JSON once; from here on nothing parses it to pass it on. */
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

export function toChange(message: Message): Change {
  const { id, seq, room, deleted } = message;
  return { id, seq, room, isDeleted: deleted === true, json: JSON.stringify(message) };
}

export function toMessage({ json }: Change): Message {
  return JSON.parse(json) as Message; // made by `toChange`
}
