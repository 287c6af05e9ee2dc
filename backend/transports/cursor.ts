/** The cursor on the wire: `<seq>-<epoch>`, or a bare `<seq>`. */
import { ChatError } from '../errors.ts';
import type { Conversation } from '../conversation/conversation.ts';

const PATTERN = /^(\d{1,16})(?:-([a-z0-9]{1,16}))?$/;

/** Where a client wants to go on: after a seq; 'gone' when that is no place in this journal. */
export type Position = number | 'gone';

type Place = Pick<Conversation, 'epoch' | 'head'>;
type SharedPlace = Place & Partial<Pick<Conversation, 'reach'>>;

export function formatCursor(seq: number, { epoch }: Place): string {
  return `${seq}-${epoch}`;
}

/**
 * @returns the seq to go on after, or 'gone': of another journal, or not reached yet; a promise only where another
 * server may be ahead of this one
 * @throws ChatError `invalid-cursor` when it is of no such form
 */
export function readCursor(text: string, { epoch, head, reach }: SharedPlace): Position | Promise<Position> {
  const [, digits, ofEpoch = epoch] = PATTERN.exec(text) ?? [];
  const seq = Number(digits);
  if (digits === undefined || seq > Number.MAX_SAFE_INTEGER) {
    throw new ChatError('invalid-cursor', '"since" must be a number, or a cursor as the server gave it.');
  }
  if (ofEpoch !== epoch) return 'gone';
  const position = (): Position => (seq <= head() ? seq : 'gone');
  return seq <= head() ? seq : (reach?.(seq)?.then(position) ?? 'gone');
}

/**
 * For clients that read the status of an answer.
 * @throws ChatError `cursor-gone`
 */
export function refuseGone(position: Position): number {
  if (position !== 'gone') return position;
  throw new ChatError('cursor-gone', 'The cursor is of another journal: start again without "since".');
}
